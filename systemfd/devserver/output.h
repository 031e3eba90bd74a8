/* SPDX-License-Identifier: MIT
 * What builds and servers print: copied to where systemfd prints, and the end of it kept. */
#ifndef SYSTEMFD_OUTPUT_H
#define SYSTEMFD_OUTPUT_H

#include "page/tail.h"

/* The writing end for a child whose output goes to our `target`, 1 or 2: a pipe; or where
 * target is a terminal, a terminal of its own, so that the child goes on to write lines as
 * they come, and colours. The reading end is added to those that outputs_poll watches.
 * Close the writing end after fork. -1 when it cannot be made. */
int output_open(int target, struct tail *tail);

/* For poll(2): fills in an entry for each open output, and returns how many. */
struct pollfd;
size_t outputs_poll(struct pollfd *entries, size_t room);

/* After poll: copies what has come. entries are those of outputs_poll. */
void outputs_copy(const struct pollfd *entries, size_t count);

/* Copies what is there already, without waiting. */
void outputs_drain(void);

#endif
