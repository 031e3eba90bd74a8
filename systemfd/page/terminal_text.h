/* SPDX-License-Identifier: MIT
 * Writes as HTML what a program wrote to a terminal. Its colours are kept, markup is escaped, and
 * places that compilers name ("file:line") are underlined. */
#ifndef SYSTEMFD_TERMINAL_TEXT_H
#define SYSTEMFD_TERMINAL_TEXT_H

#include "buffer.h"

void put_terminal_text(struct buffer *page, const char *text, size_t length);

#endif
