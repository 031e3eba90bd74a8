/* SPDX-License-Identifier: MIT
 * All that the development server waits for comes to one I/O completion port, and is told to
 * its source, in the thread that waits. */
#ifndef SYSTEMFD_EVENTS_H
#define SYSTEMFD_EVENTS_H

#include "sockets/net.h"

/* Stands at the beginning of what is told. number: how many bytes, or what was posted; ok:
 * whether the operation succeeded. */
struct source {
    void (*told)(struct source *source, DWORD number, int ok);
};

void events_open(void);

/* The end of each overlapped operation on it is an event from now on. 0: it cannot be. */
int events_watch(HANDLE handle, struct source *source);

/* An event of our own, from any thread. */
void events_post(struct source *source, DWORD number);

/* Waits until there are events, for so many milliseconds (-1: for ever) at most, and tells
 * each. */
void events_wait(int timeout);

/* Tells only those that go to `told`, until there are no more of them; the others wait. */
void events_only(void (*told)(struct source *source, DWORD number, int ok));

#endif
