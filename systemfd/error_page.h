/* SPDX-License-Identifier: MIT
 * What a browser, or curl, is shown while there is no server. */
#ifndef SYSTEMFD_ERROR_PAGE_H
#define SYSTEMFD_ERROR_PAGE_H

#include <stddef.h>

/* A whole HTTP response with status 503, for free(): title, then the text, which is a
 * program's output, colours and all; as HTML or as plain text. */
char *error_page(const char *title, const char *text, size_t text_length, int html, size_t *length);

#endif
