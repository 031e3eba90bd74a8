/* SPDX-License-Identifier: MIT
 * What several processes print at once, line by line, with the number of the process in front:
 * "[4711] text". */
#ifndef SYSTEMFD_NUMBERED_LINES_H
#define SYSTEMFD_NUMBERED_LINES_H

#include <stddef.h>

/* NULL when there is no memory. */
struct numbered_lines *numbered_lines_open(long process);

/* A line is put out by `put` when it is whole, or longer than there is room for. */
void numbered_lines_add(struct numbered_lines *lines, const char *text, size_t length,
                        void (*put)(int target, const char *text, size_t length), int target);

/* Puts out what is left, with a newline, and frees. */
void numbered_lines_close(struct numbered_lines *lines,
                          void (*put)(int target, const char *text, size_t length), int target);

#endif
