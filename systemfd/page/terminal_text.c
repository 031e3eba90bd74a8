/* SPDX-License-Identifier: MIT */
#include "terminal_text.h"

#include <stdio.h>

enum { USUAL = -1, MAX_NUMBERS = 16 };

struct style {
    int bold, color; /* 0xRRGGBB, or USUAL */
    int open;        /* a span is open */
};

static void put_escaped(struct buffer *page, char character)
{
    switch (character) {
    case '<':
        buffer_put(page, "&lt;");
        break;
    case '>':
        buffer_put(page, "&gt;");
        break;
    case '&':
        buffer_put(page, "&amp;");
        break;
    case '"':
        buffer_put(page, "&quot;");
        break;
    default:
        if ((unsigned char)character >= ' ' || character == '\n' || character == '\t')
            buffer_add(page, &character, 1);
    }
}

/* ---- Colours: ESC [ numbers m (ECMA-48, SGR) ---- */

/* One of 256 colours: 16 in shades of our own; as in xterm, a cube of 6 by 6 by 6, and 24 greys. */
static int palette_color(int number)
{
    static const int basic[16] = {0x555555, 0xe06c75, 0x98c379, 0xe5c07b, 0x61afef, 0xc678dd,
                                  0x56b6c2, 0xdddddd, 0x888888, 0xff7b86, 0xb5e890, 0xffd58a,
                                  0x8ac6ff, 0xe29bf5, 0x7fdce8, 0xffffff};
    static const int level[6] = {0, 95, 135, 175, 215, 255};

    if (number < 16)
        return basic[number];
    if (number >= 232)
        return (8 + 10 * (number - 232)) * 0x010101;
    number -= 16;
    return level[number / 36] << 16 | level[number / 6 % 6] << 8 | level[number % 6];
}

static void set_style(struct style *style, int number)
{
    if (number == 0 || number == 22)
        style->bold = 0;
    if (number == 0 || number == 39)
        style->color = USUAL;
    if (number == 1)
        style->bold = 1;
    else if (number >= 30 && number <= 37)
        style->color = palette_color(number - 30);
    else if (number >= 90 && number <= 97)
        style->color = palette_color(number - 90 + 8);
}

/* 38;5;N and 38;2;R;G;B set any colour. 48 does the same for the background, which is not kept.
 * Returns how many numbers belong to that. */
static size_t set_any_color(struct style *style, const int *numbers, size_t count)
{
    int color;

    if (count >= 3 && numbers[1] == 5)
        color = palette_color(numbers[2] & 255);
    else if (count >= 5 && numbers[1] == 2)
        color = (numbers[2] & 255) << 16 | (numbers[3] & 255) << 8 | (numbers[4] & 255);
    else
        return count;
    if (numbers[0] == 38)
        style->color = color;
    return numbers[1] == 5 ? 3 : 5;
}

static void set_styles(struct style *style, const int *numbers, size_t count)
{
    for (size_t i = 0; i < count;) {
        if (numbers[i] == 38 || numbers[i] == 48)
            i += set_any_color(style, numbers + i, count - i);
        else
            set_style(style, numbers[i++]);
    }
}

static void put_style(struct buffer *page, struct style *style)
{
    char color[32];

    if (style->open)
        buffer_put(page, "</span>");
    style->open = style->bold || style->color != USUAL;
    if (!style->open)
        return;
    buffer_put(page, "<span style=\"");
    if (style->color != USUAL) {
        snprintf(color, sizeof color, "color:#%06x;", (unsigned)style->color);
        buffer_put(page, color);
    }
    buffer_put(page, style->bold ? "font-weight:bold\">" : "\">");
}

/* ---- Escape sequences, of which only colours are kept ---- */

/* `next` is behind "ESC [". Returns what is behind the sequence. */
static const char *put_control_sequence(struct buffer *page, const char *next, const char *end,
                                        struct style *style)
{
    int numbers[MAX_NUMBERS] = {0};
    size_t count = 1;

    for (; next < end && *next != '\n' && (*next < '@' || *next > '~'); next++) {
        int *number = &numbers[count - 1];
        if (*next >= '0' && *next <= '9' && *number < 1000)
            *number = *number * 10 + (*next - '0');
        else if (*next == ';' && count < MAX_NUMBERS)
            count++;
    }
    if (next == end || *next == '\n') /* it is cut off */
        return next;
    if (*next == 'm') {
        set_styles(style, numbers, count);
        put_style(page, style);
    }
    return next + 1;
}

/* `next` is behind "ESC ]", of a link, say. Returns what is behind its end, BEL or ESC \, or where
 * it is cut off: at the end of the line, or at another ESC. */
static const char *skip_command(const char *next, const char *end)
{
    while (next < end && *next != '\n') {
        if (*next == '\a')
            return next + 1;
        if (*next == '\033')
            return next + 1 < end && next[1] == '\\' ? next + 2 : next;
        next++;
    }
    return next;
}

static const char *put_escape(struct buffer *page, const char *next, const char *end,
                              struct style *style)
{
    if (++next == end)
        return next;
    if (*next == '[')
        return put_control_sequence(page, next + 1, end, style);
    if (*next == ']')
        return skip_command(next + 1, end);
    return next + 1;
}

/* ---- Places: "file:line", "file:line:column" and "file(line)" stand out ---- */

static size_t digits(const char *text, const char *end)
{
    size_t count = 0;

    while (text + count < end && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

/* The length of ":1" or ":1:2" there; 0 if it is neither. */
static size_t colon_place(const char *text, const char *end)
{
    size_t line = digits(text + 1, end), column;
    const char *next = text + 1 + line;

    if (line == 0)
        return 0;
    column = next < end && *next == ':' ? digits(next + 1, end) : 0;
    return 1 + line + (column > 0 ? 1 + column : 0);
}

/* The length of "(1)" or "(1,2)" there, if ":" or " :" follows, as Visual Studio's tools write it;
 * 0 otherwise. */
static size_t bracket_place(const char *text, const char *end)
{
    const char *next = text + 1;
    size_t count = digits(next, end), length;

    next += count;
    if (count > 0 && next < end && *next == ',') {
        count = digits(next + 1, end);
        next += 1 + count;
    }
    if (count == 0 || next == end || *next != ')')
        return 0;
    length = (size_t)(next + 1 - text);
    next++;
    if (next < end && *next == ' ')
        next++;
    return next < end && *next == ':' ? length : 0;
}

/* The length of "C:" in "C:\x.c" or "C:/x.c"; 0 otherwise. */
static size_t drive_length(const char *text, const char *end)
{
    if (end - text < 3 || text[1] != ':' || (text[2] != '\\' && text[2] != '/'))
        return 0;
    return (*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z') ? 2 : 0;
}

/* The length of the place that the line begins with; 0 if there is none. */
static size_t place_length(const char *line, const char *end)
{
    const char *name = line + drive_length(line, end), *next = name;
    size_t length = 0;

    for (; next < end && *next != ' ' && *next != '\n' && *next != '\033'; next++) {
        if (*next == ':' || *next == '(')
            length = *next == ':' ? colon_place(next, end) : bracket_place(next, end);
        if (length > 0 || *next == ':')
            break;
    }
    return length > 0 && next > name ? (size_t)(next - line) + length : 0;
}

/* Colours may come before a place, as gcc writes them. */
void put_terminal_text(struct buffer *page, const char *text, size_t length)
{
    struct style style = {0, USUAL, 0};
    const char *end = text + length, *place_end = NULL, *next = text;
    int line_begins = 1;

    while (next < end) {
        if (*next == '\033') {
            next = put_escape(page, next, end, &style);
            continue;
        }
        if (line_begins && (length = place_length(next, end)) > 0) {
            buffer_put(page, "<b class=\"at\">");
            place_end = next + length;
        }
        line_begins = *next == '\n';
        put_escaped(page, *next++);
        if (next == place_end)
            buffer_put(page, "</b>");
    }
    if (style.open)
        buffer_put(page, "</span>");
}
