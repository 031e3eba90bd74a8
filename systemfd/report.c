/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int colored, silent, terminal, within_line;

static void write_to_stderr(const char *text, size_t length)
{
    fwrite(text, 1, length, stderr);
    fflush(stderr); /* on Wine, fwrite leaves it in a buffer, though fprintf does not */
}

static void (*write_text)(const char *text, size_t length) = write_to_stderr;

void report_through(void (*write)(const char *text, size_t length))
{
    write_text = write;
}

/* https://no-color.org */
static int no_color(void)
{
    const char *value = getenv("NO_COLOR");

    return value && *value;
}

void report_setup(enum color color, int quiet, int on_terminal, int has_colors)
{
    terminal = on_terminal;
    colored = color == COLOR_ALWAYS || (color == COLOR_AUTO && has_colors && !no_color());
    silent = quiet;
}

int report_on_terminal(void)
{
    return terminal;
}

/* May that byte follow that lead byte? Most often, 80 to BF may (Unicode 15, table 3-7). After C2
 * we take fewer, as C2 80 to C2 9F are the C1 control characters. */
static int is_second_byte(unsigned char lead, unsigned char byte)
{
    static const unsigned char narrower[][3] = {{0xc2, 0xa0, 0xbf},
                                                {0xe0, 0xa0, 0xbf},
                                                {0xed, 0x80, 0x9f},
                                                {0xf0, 0x90, 0xbf},
                                                {0xf4, 0x80, 0x8f}};

    for (size_t i = 0; i < sizeof narrower / sizeof narrower[0]; i++)
        if (lead == narrower[i][0])
            return byte >= narrower[i][1] && byte <= narrower[i][2];
    return (byte & 0xc0) == 0x80;
}

/* The length in bytes of the character that the text begins with; 0 if it is not printable. */
static size_t printable_length(const unsigned char *text)
{
    unsigned char lead = *text;
    size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;

    if (lead < 0x80)
        return lead >= ' ' && lead != 0x7f;
    if (length == 0 || !is_second_byte(lead, text[1]))
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

void make_printable(char *text)
{
    while (*text != '\0') {
        size_t length = printable_length((const unsigned char *)text);
        if (length == 0)
            *text = '?';
        text += length > 0 ? length : 1;
    }
}

void report_below(const char *text, size_t length)
{
    if (length > 0)
        within_line = text[length - 1] != '\n';
}

/* Writes a line of its own, in one piece. */
static void write_line(const char *beginning, const char *text, const char *end)
{
    char line[REPORT_SIZE];
    int length =
        snprintf(line, sizeof line, "%s%s%s%s\n", within_line ? "\n" : "", beginning, text, end);

    within_line = 0;
    write_text(line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

void report(const char *format, ...)
{
    char text[4096];
    va_list arguments;

    if (silent)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    make_printable(text);
    if (colored)
        write_line("\033[1m\033[2m~>\033[0m \033[36m", text, "\033[0m");
    else
        write_line("~> ", text, "");
}

/* Clears the screen, but not what has scrolled off it (ECMA-48: CUP, ED 2). */
void report_clear(void)
{
    static const char clear[] = "\033[H\033[2J";

    if (!terminal)
        return;
    write_text(clear, strlen(clear));
    within_line = 0;
}

void report_blank_line(void)
{
    write_text("\n", 1);
    within_line = 0;
}

void report_error(const char *message)
{
    write_line(colored ? "\033[1;31msystemfd:\033[0m " : "systemfd: ", message, "");
}

static void (*tell_death)(int error, const char *message);

void report_death_to(void (*tell)(int error, const char *message))
{
    tell_death = tell;
}

void die(int status, const char *format, ...)
{
    int error = errno;
    char message[REPORT_SIZE - 64]; /* the rest is for colours */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    make_printable(message);
    report_error(message);
    if (tell_death)
        tell_death(error, message);
    exit(status);
}

void *allocated(void *memory)
{
    if (!memory)
        die(EXIT_CANNOT_OPEN, "out of memory");
    return memory;
}
