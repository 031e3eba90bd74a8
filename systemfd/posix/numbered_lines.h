/* SPDX-License-Identifier: MIT
 * The output of several processes at once, line by line, each line with its process ID in front:
 * "[4711] text". */
#ifndef SYSTEMFD_NUMBERED_LINES_H
#define SYSTEMFD_NUMBERED_LINES_H

#include <stddef.h>

/* Begins the output of that process; NULL when out of memory. End it by numbered_lines_close. */
struct numbered_lines *numbered_lines_open(long process);

/* Adds output. Each line goes to `put` when it is complete, or as long as the buffer. */
void numbered_lines_add(struct numbered_lines *lines, const char *text, size_t length,
                        void (*put)(int target, const char *text, size_t length), int target);

/* Puts out an unfinished line, with a newline, and frees the memory. NULL does nothing. */
void numbered_lines_close(struct numbered_lines *lines,
                          void (*put)(int target, const char *text, size_t length), int target);

#endif
