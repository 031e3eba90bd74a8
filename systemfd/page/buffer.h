/* SPDX-License-Identifier: MIT
 * Text that grows. Out of memory is the end of the program. */
#ifndef SYSTEMFD_BUFFER_H
#define SYSTEMFD_BUFFER_H

#include <stddef.h>

/* All zero: empty. */
struct buffer {
    char *text; /* for free() */
    size_t length, room;
};

void buffer_add(struct buffer *buffer, const char *bytes, size_t length);
void buffer_put(struct buffer *buffer, const char *text);

#endif
