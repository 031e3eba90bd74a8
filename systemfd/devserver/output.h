/* SPDX-License-Identifier: MIT
 * The output of builds and servers: it is copied to where systemfd prints, and the end of it is
 * kept. On Windows, win32/pipes.h does that; only outputs_drain is the same. */
#ifndef SYSTEMFD_OUTPUT_H
#define SYSTEMFD_OUTPUT_H

#include "options.h"
#include "page/tail.h"

/* Returns a descriptor for a child to write to; close it after fork. What is written goes to our
 * `target`, 1 or 2, and the end of it to *tail. It is a pipe; or if the target is a terminal, a
 * terminal of its own, so that the child goes on to write line by line, and in colour. Returns -1
 * with errno if it cannot be made. */
int output_open(int target, struct tail *tail);

/* From now on, lines of the last `streams` outputs opened begin with that process ID. */
void outputs_number(size_t streams, long process);

/* Two streams each for a build, all servers, and the processes for connections; and the two to
 * which they are copied. */
enum { MAX_OUTPUTS = 448 + 2 * MAX_CONNECTIONS, MAX_OUTPUT_ENTRIES = MAX_OUTPUTS + 2 };

/* For poll(2): fills in at most MAX_OUTPUT_ENTRIES entries, and returns how many. */
struct pollfd;
size_t outputs_poll(struct pollfd *entries);

/* How long poll may wait, in milliseconds; -1: for ever. */
int outputs_timeout(void);

/* To be called after poll. Copies what has come, without waiting for a slow reader. */
void outputs_copy(const struct pollfd *entries);

/* Gives the children's terminals the size that ours has now. */
void outputs_resize(void);

/* Copies what has been written so far, without waiting for more. */
void outputs_drain(void);

#endif
