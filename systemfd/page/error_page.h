/* SPDX-License-Identifier: MIT
 * What a browser, or curl, is shown while there is no server. */
#ifndef SYSTEMFD_ERROR_PAGE_H
#define SYSTEMFD_ERROR_PAGE_H

#include <stddef.h>

/* A whole HTTP response. */
struct response {
    char *text; /* for free() */
    size_t length;
};

/* With status 503: title, then the text, which is a program's output, colours and all; as HTML
 * or as plain text. */
struct response error_page(const char *title, const char *text, size_t length, int html);

#endif
