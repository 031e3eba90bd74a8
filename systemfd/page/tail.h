/* SPDX-License-Identifier: MIT
 * The last of what a build or server printed. */
#ifndef SYSTEMFD_TAIL_H
#define SYSTEMFD_TAIL_H

#include <stddef.h>

struct tail {
    char text[32768];
    size_t length;
};

void tail_clear(struct tail *tail);

/* At most as much at a time as it has room for. */
void tail_add(struct tail *tail, const char *text, size_t length);

#endif
