/* SPDX-License-Identifier: MIT */
#include "tail.h"

#include <string.h>

void tail_clear(struct tail *tail)
{
    tail->length = 0;
}

enum { NEAR = 1024 };

/* Drops at least `amount` bytes. What is left begins with a line, if one begins nearby, or else
 * with a whole character (UTF-8). */
static void drop(struct tail *tail, size_t amount)
{
    const char *cut = tail->text + amount, *end = tail->text + tail->length;
    size_t near = end - cut < NEAR ? (size_t)(end - cut) : NEAR;
    const char *line_end = memchr(cut - 1, '\n', near + 1);

    if (line_end)
        cut = line_end + 1;
    else
        while (cut < end && (*cut & 0xc0) == 0x80)
            cut++;
    tail->length = (size_t)(end - cut);
    memmove(tail->text, cut, tail->length);
}

void tail_add(struct tail *tail, const char *text, size_t length)
{
    if (tail->length + length > sizeof tail->text)
        drop(tail, tail->length + length - sizeof tail->text);
    memcpy(tail->text + tail->length, text, length);
    tail->length += length;
}
