/* SPDX-License-Identifier: MIT
 * What a program wrote to a terminal, as HTML: its colours, nothing that a browser could take for
 * markup, and the places that compilers name, "file:line", underlined. */
#ifndef SYSTEMFD_TERMINAL_TEXT_H
#define SYSTEMFD_TERMINAL_TEXT_H

#include "buffer.h"

void put_terminal_text(struct buffer *page, const char *text, size_t length);

#endif
