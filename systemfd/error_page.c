/* SPDX-License-Identifier: MIT */
#include "error_page.h"

#include "buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ECMA-48 colours 0 to 7 and their bright ones. */
static const char *const colors[16] = {
    "#555", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#ddd",
    "#888", "#ff7b86", "#b5e890", "#ffd58a", "#8ac6ff", "#e29bf5", "#7fdce8", "#fff"};

/* The page asks again every second: when a server is back, that request is its. While one is
 * being built, the request waits, and this page stays in view. */
static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"1\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">\n"
    "<style>\n"
    "body{margin:0;background:#1e2127;color:#ddd;font:15px/1.5 system-ui,sans-serif}\n"
    "h1{margin:0;padding:1rem 1.5rem;background:#a3262e;color:#fff;font-size:1.2rem}\n"
    "pre{margin:0;padding:1rem 1.5rem;font:14px/1.45 ui-monospace,monospace;"
    "white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "p{margin:0;padding:.7rem 1.5rem;color:#999}\n"
    ".at{color:#fff;text-decoration:underline}\n"
    "</style>\n";

struct style {
    int bold, color; /* -1: the usual one */
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

static void set_style(struct style *style, int number)
{
    if (number == 0 || number == 22)
        style->bold = 0;
    if (number == 0 || number == 39)
        style->color = -1;
    if (number == 1)
        style->bold = 1;
    else if (number >= 30 && number <= 37)
        style->color = number - 30;
    else if (number >= 90 && number <= 97)
        style->color = number - 90 + 8;
}

static void put_style(struct buffer *page, struct style *style)
{
    if (style->open)
        buffer_put(page, "</span>");
    style->open = style->bold || style->color >= 0;
    if (!style->open)
        return;
    buffer_put(page, "<span style=\"");
    if (style->color >= 0) {
        buffer_put(page, "color:");
        buffer_put(page, colors[style->color]);
        buffer_put(page, ";");
    }
    buffer_put(page, style->bold ? "font-weight:bold\">" : "\">");
}

/* Past one escape sequence, of which only colours are kept. */
static const char *put_escape(struct buffer *page, const char *next, const char *end,
                              struct style *style)
{
    int number = 0;

    if (++next == end || *next != '[') /* not a control sequence: drop what follows ESC */
        return next < end ? next + 1 : next;
    for (next++; next < end && (*next < '@' || *next > '~'); next++) {
        if (*next >= '0' && *next <= '9' && number < 1000)
            number = number * 10 + (*next - '0');
        if (*next == ';') {
            set_style(style, number);
            number = 0;
        }
    }
    if (next == end)
        return next;
    if (*next == 'm') {
        set_style(style, number);
        put_style(page, style);
    }
    return next + 1;
}

/* ---- Places: "file:line" and "file:line:column" stand out ---- */

static size_t digits(const char *text, const char *end)
{
    size_t count = 0;

    while (text + count < end && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

/* The length of the place that a line begins with; 0: none. */
static size_t place_length(const char *line, const char *end)
{
    const char *next = line;
    size_t number;

    while (next < end && *next != ':' && *next != ' ' && *next != '\n' && *next != '\033')
        next++;
    if (next == line || next == end || *next != ':' || (number = digits(next + 1, end)) == 0)
        return 0;
    next += 1 + number;
    if (next < end && *next == ':' && (number = digits(next + 1, end)) > 0)
        next += 1 + number;
    return (size_t)(next - line);
}

static void put_text(struct buffer *page, const char *text, const char *end)
{
    struct style style = {0, -1, 0};
    const char *place_end = NULL, *next = text;

    while (next < end) {
        if (next == text || next[-1] == '\n') {
            size_t length = place_length(next, end);
            if (length > 0) {
                buffer_put(page, "<b class=\"at\">");
                place_end = next + length;
            }
        }
        if (*next == '\033')
            next = put_escape(page, next, end, &style);
        else
            put_escaped(page, *next++);
        if (next == place_end)
            buffer_put(page, "</b>");
    }
    if (style.open)
        buffer_put(page, "</span>");
}

/* ---- The page ---- */

static void put_html(struct buffer *page, const char *title, const char *text, size_t length)
{
    buffer_put(page, head);
    buffer_put(page, "<title>");
    put_text(page, title, title + strlen(title));
    buffer_put(page, "</title></head><body>\n<h1>");
    put_text(page, title, title + strlen(title));
    buffer_put(page, "</h1>\n<pre>");
    put_text(page, text, text + length);
    buffer_put(page, "</pre>\n<p>systemfd shows this while there is no server. "
                     "The page comes back by itself when there is one.</p>\n</body></html>\n");
}

static void put_plain(struct buffer *page, const char *title, const char *text, size_t length)
{
    buffer_put(page, title);
    buffer_put(page, "\n\n");
    buffer_add(page, text, length);
    if (length > 0 && text[length - 1] != '\n')
        buffer_put(page, "\n");
}

char *error_page(const char *title, const char *text, size_t text_length, int html, size_t *length)
{
    struct buffer page = {0}, response = {0};
    char head_lines[256];

    if (html)
        put_html(&page, title, text, text_length);
    else
        put_plain(&page, title, text, text_length);
    snprintf(head_lines, sizeof head_lines,
             "HTTP/1.1 503 Service Unavailable\r\n"
             "Content-Type: text/%s; charset=utf-8\r\n"
             "Content-Length: %lu\r\n"
             "Cache-Control: no-store\r\nRetry-After: 1\r\nConnection: close\r\n\r\n",
             html ? "html" : "plain", (unsigned long)page.length);
    buffer_put(&response, head_lines);
    buffer_add(&response, page.text, page.length);
    free(page.text);
    *length = response.length;
    return response.text;
}
