/* SPDX-License-Identifier: MIT
 * The end of what a build or server has printed. */
#ifndef SYSTEMFD_TAIL_H
#define SYSTEMFD_TAIL_H

#include <stddef.h>

struct tail {
    char text[32768];
    size_t length;
};

void tail_clear(struct tail *tail);

/* Adds text, and drops the oldest to make room. length is at most the size of tail->text. */
void tail_add(struct tail *tail, const char *text, size_t length);

#endif
