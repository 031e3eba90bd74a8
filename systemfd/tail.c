/* SPDX-License-Identifier: MIT */
#include "tail.h"

#include <string.h>

void tail_clear(struct tail *tail)
{
    tail->length = 0;
}

/* Up to the next line, so that no character and no escape sequence is cut in two. */
static void drop(struct tail *tail, size_t amount)
{
    const char *end = memchr(tail->text + amount, '\n', tail->length - amount);

    if (end)
        amount = (size_t)(end + 1 - tail->text);
    tail->length -= amount;
    memmove(tail->text, tail->text + amount, tail->length);
}

void tail_add(struct tail *tail, const char *text, size_t length)
{
    if (tail->length + length > sizeof tail->text)
        drop(tail, tail->length + length - sizeof tail->text);
    memcpy(tail->text + tail->length, text, length);
    tail->length += length;
}
