/* SPDX-License-Identifier: MIT
 * Our standard output and error, which may have a reader that does not read: what is to be
 * written waits here, in a bounded space, and systemfd never does. */
#ifndef SYSTEMFD_WRITER_H
#define SYSTEMFD_WRITER_H

#include <stddef.h>

enum { WRITERS = 2 };

/* From now on, report.h's lines go this way, too. */
void writers_open(void);

/* target is 1 or 2. What there is no room for is dropped; a report says how much, as soon as
 * somebody reads again. */
void writer_put(int target, const char *text, size_t length);

/* Shall whoever writes there wait a moment? Only as long as its reader is slow, but reads. */
int writer_is_full(int target);

/* For poll(2): fills in an entry for each where something waits, and returns how many. */
struct pollfd;
size_t writers_poll(struct pollfd *entries);

/* Milliseconds until a full one is not waited for any more; -1: none is. */
int writers_timeout(void);

/* Writes what can be written without waiting. */
void writers_write(void);

/* Writes the rest, for a second at most. exit(3) does it, too. */
void writers_finish(void);

#endif
