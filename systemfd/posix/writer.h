/* SPDX-License-Identifier: MIT
 * Writes to our standard output and error. A reader may be slow or not read at all: then the text
 * waits here, in a bounded buffer, and systemfd does not. */
#ifndef SYSTEMFD_WRITER_H
#define SYSTEMFD_WRITER_H

#include <stddef.h>

enum { WRITERS = 2 };

/* Prepares both streams. From now on, reports (report.h) go this way, too. */
void writers_open(void);

/* Writes text to target, 1 or 2. Text that does not fit is dropped; a report says how much, as soon
 * as there is a reader again. */
void writer_put(int target, const char *text, size_t length);

/* Should a process that writes to that target be made to wait? Only while the buffer is nearly full
 * and the reader is slow but does read. */
int writer_is_full(int target);

/* For poll(2): fills in an entry for each target with waiting text, and returns how many. */
struct pollfd;
size_t writers_poll(struct pollfd *entries);

/* Milliseconds until a full target is not waited for any more; -1: none is full. */
int writers_timeout(void);

/* Writes what can be written without waiting. */
void writers_write(void);

/* Writes the rest, for a second at most. exit(3) does so, too. */
void writers_finish(void);

#endif
