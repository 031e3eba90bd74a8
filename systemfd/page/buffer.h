/* SPDX-License-Identifier: MIT
 * Text that grows. When memory runs out, systemfd exits with a message. */
#ifndef SYSTEMFD_BUFFER_H
#define SYSTEMFD_BUFFER_H

#include <stddef.h>

/* Empty when it is all zeros. */
struct buffer {
    char *text; /* for free() */
    size_t length, room;
};

void buffer_add(struct buffer *buffer, const char *bytes, size_t length);
void buffer_put(struct buffer *buffer, const char *text);

#endif
