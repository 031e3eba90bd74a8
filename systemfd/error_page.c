/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* open_memstream() under a strict -std */
#endif
#include "error_page.h"

#include "report.h"

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

static void put_escaped(FILE *page, char character)
{
    switch (character) {
    case '<':
        fputs("&lt;", page);
        break;
    case '>':
        fputs("&gt;", page);
        break;
    case '&':
        fputs("&amp;", page);
        break;
    case '"':
        fputs("&quot;", page);
        break;
    default:
        if ((unsigned char)character >= ' ' || character == '\n' || character == '\t')
            fputc(character, page);
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

static void put_style(FILE *page, struct style *style)
{
    if (style->open)
        fputs("</span>", page);
    style->open = style->bold || style->color >= 0;
    if (!style->open)
        return;
    fputs("<span style=\"", page);
    if (style->color >= 0)
        fprintf(page, "color:%s;", colors[style->color]);
    fputs(style->bold ? "font-weight:bold\">" : "\">", page);
}

/* Past one escape sequence, of which only colours are kept. */
static const char *put_escape(FILE *page, const char *next, const char *end, struct style *style)
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

static void put_text(FILE *page, const char *text, const char *end)
{
    struct style style = {0, -1, 0};
    const char *place_end = NULL, *next = text;

    while (next < end) {
        if (next == text || next[-1] == '\n') {
            size_t length = place_length(next, end);
            if (length > 0) {
                fputs("<b class=\"at\">", page);
                place_end = next + length;
            }
        }
        if (*next == '\033')
            next = put_escape(page, next, end, &style);
        else
            put_escaped(page, *next++);
        if (next == place_end)
            fputs("</b>", page);
    }
    if (style.open)
        fputs("</span>", page);
}

/* ---- The page ---- */

static void put_html(FILE *page, const char *title, const char *text, size_t length)
{
    fputs(head, page);
    fputs("<title>", page);
    put_text(page, title, title + strlen(title));
    fputs("</title></head><body>\n<h1>", page);
    put_text(page, title, title + strlen(title));
    fputs("</h1>\n<pre>", page);
    put_text(page, text, text + length);
    fputs("</pre>\n<p>systemfd shows this while there is no server. "
          "The page comes back by itself when there is one.</p>\n</body></html>\n",
          page);
}

static void put_plain(FILE *page, const char *title, const char *text, size_t length)
{
    fprintf(page, "%s\n\n", title);
    fwrite(text, 1, length, page);
    if (length > 0 && text[length - 1] != '\n')
        fputc('\n', page);
}

static void finish(FILE *stream)
{
    if (fclose(stream) != 0)
        die(EXIT_CANNOT_OPEN, "out of memory");
}

char *error_page(const char *title, const char *text, size_t text_length, int html, size_t *length)
{
    char *body = NULL, *response = NULL;
    size_t body_length = 0;
    FILE *page = open_memstream(&body, &body_length), *answer;

    if (!page)
        die(EXIT_CANNOT_OPEN, "out of memory");
    if (html)
        put_html(page, title, text, text_length);
    else
        put_plain(page, title, text, text_length);
    finish(page);

    answer = open_memstream(&response, length);
    if (!answer)
        die(EXIT_CANNOT_OPEN, "out of memory");
    fprintf(answer,
            "HTTP/1.1 503 Service Unavailable\r\n"
            "Content-Type: text/%s; charset=utf-8\r\n"
            "Content-Length: %lu\r\n"
            "Cache-Control: no-store\r\nRetry-After: 1\r\nConnection: close\r\n\r\n",
            html ? "html" : "plain", (unsigned long)body_length);
    fwrite(body, 1, body_length, answer);
    finish(answer);
    free(body);
    return response;
}
