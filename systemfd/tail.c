/* SPDX-License-Identifier: MIT */
#include "tail.h"

#include <string.h>

void tail_clear(struct tail *tail)
{
    tail->length = 0;
}

void tail_add(struct tail *tail, const char *text, size_t length)
{
    size_t size = sizeof tail->text;

    if (length > size) {
        text += length - size;
        length = size;
    }
    if (tail->length + length > size) {
        size_t drop = tail->length + length - size;
        memmove(tail->text, tail->text + drop, tail->length - drop);
        tail->length -= drop;
    }
    memcpy(tail->text + tail->length, text, length);
    tail->length += length;
}
