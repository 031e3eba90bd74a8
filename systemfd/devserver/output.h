/* SPDX-License-Identifier: MIT
 * What builds and servers print: copied to where systemfd prints, and the end of it kept. */
#ifndef SYSTEMFD_OUTPUT_H
#define SYSTEMFD_OUTPUT_H

#include "options.h"
#include "page/tail.h"

/* The writing end for a child whose output goes to our `target`, 1 or 2: a pipe; or where
 * target is a terminal, a terminal of its own, so that the child goes on to write lines as
 * they come, and colours. The reading end is added to those that outputs_poll watches.
 * Close the writing end after fork. -1 when it cannot be made. */
int output_open(int target, struct tail *tail);

/* On POSIX: the last `streams` that were opened are that process's, whose number is to precede each
 * line. */
void outputs_number(size_t streams, long process);

/* A build, all servers, and processes for connections, two streams each; and where it is copied
 * to. */
enum { MAX_OUTPUTS = 448 + 2 * MAX_CONNECTIONS, MAX_OUTPUT_ENTRIES = MAX_OUTPUTS + 2 };

/* For poll(2): fills in at most MAX_OUTPUT_ENTRIES, and returns how many; outputs_timeout is the
 * most to wait (-1: for ever). */
struct pollfd;
size_t outputs_poll(struct pollfd *entries);
int outputs_timeout(void);

/* After poll: copies what has come, without waiting for who reads it. */
void outputs_copy(const struct pollfd *entries);

/* On POSIX: those that are terminals get the size that ours has now. */
void outputs_resize(void);

/* Copies what is there already, without waiting. */
void outputs_drain(void);

#endif
