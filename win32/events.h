/* SPDX-License-Identifier: MIT
 * Everything that the development server waits for arrives at one I/O completion port. The thread
 * that waits there passes each event on to its source. */
#ifndef SYSTEMFD_EVENTS_H
#define SYSTEMFD_EVENTS_H

#include "sockets/net.h"

/* The first member of each source of events. number is how many bytes were transferred, or the
 * number that was posted; ok is whether the operation succeeded. */
struct source {
    void (*told)(struct source *source, DWORD number, int ok);
};

void events_open(void);

/* From now on the end of each overlapped operation on that handle is an event of that source.
 * Returns 0 with GetLastError() on failure. */
int events_watch(HANDLE handle, struct source *source);

/* Posts an event of our own. Any thread may call it. */
void events_post(struct source *source, DWORD number);

/* Waits for events, for at most `timeout` milliseconds (-1: for ever), and passes each on. */
void events_wait(int timeout);

/* Passes on only the events of `told`, until there are no more of them; the others wait. */
void events_only(void (*told)(struct source *source, DWORD number, int ok));

#endif
