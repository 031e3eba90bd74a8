/* SPDX-License-Identifier: MIT */
#include "buffer.h"

#include "report.h"

#include <stdlib.h>
#include <string.h>

void buffer_add(struct buffer *buffer, const char *bytes, size_t length)
{
    if (length > buffer->room - buffer->length) {
        buffer->room = 2 * buffer->room + length + 256;
        buffer->text = allocated(realloc(buffer->text, buffer->room));
    }
    if (length > 0)
        memcpy(buffer->text + buffer->length, bytes, length);
    buffer->length += length;
}

void buffer_put(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}
