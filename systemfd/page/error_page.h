/* SPDX-License-Identifier: MIT
 * The page that a browser, or curl, gets while there is no server. */
#ifndef SYSTEMFD_ERROR_PAGE_H
#define SYSTEMFD_ERROR_PAGE_H

#include <stddef.h>

/* A whole HTTP response. */
struct response {
    char *text; /* for free() */
    size_t length;
};

/* A response with status 503, as HTML or as plain text. It shows the title, and below it the text,
 * which is a program's output and may have escape sequences for colours. */
struct response error_page(const char *title, const char *text, size_t length, int html);

#endif
