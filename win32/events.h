/* SPDX-License-Identifier: MIT
 * Everything that the development server waits for comes to one I/O completion port. The thread
 * that waits passes each event on to its source. */
#ifndef SYSTEMFD_EVENTS_H
#define SYSTEMFD_EVENTS_H

#include "sockets/net.h"

/* The first member of each source of events. number: how many bytes, or what was posted; ok:
 * whether the operation succeeded. */
struct source {
    void (*told)(struct source *source, DWORD number, int ok);
};

void events_open(void);

/* From now on the end of each overlapped operation on that handle is an event. Returns 0 when that
 * cannot be. */
int events_watch(HANDLE handle, struct source *source);

/* Posts an event of our own; from any thread. */
void events_post(struct source *source, DWORD number);

/* Waits for events, at most for so many milliseconds (-1: for ever), and passes each on. */
void events_wait(int timeout);

/* Passes on only the events of `told`, until there are no more; the others wait. */
void events_only(void (*told)(struct source *source, DWORD number, int ok));

#endif
