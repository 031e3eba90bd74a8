/* SPDX-License-Identifier: MIT
 * Which files change: inotify on Linux (watch_inotify.c), elsewhere by looking at them twice
 * a second (watch_scan.c); on Windows also when the system says that there is something to
 * see (win32/directory_changes.c). */
#ifndef SYSTEMFD_WATCH_H
#define SYSTEMFD_WATCH_H

#include "options.h"

/* Watches all that --watch names, folders with everything below them. Exits with a message
 * when one is not there. */
void watch_open(const struct options *given);

/* To poll for reading; -1: nothing to poll, only watch_timeout. */
int watch_descriptor(void);

/* Milliseconds after which watch_is_due anyway; -1: none. */
int watch_timeout(void);

/* Something may have changed: it is to be looked soon. */
void watch_wake(void);

/* Is it time to look? */
int watch_is_due(void);

/* Looks, and calls `changed` with the path of each file that changed since the last time,
 * ignored ones left out. */
void watch_read(void (*changed)(const char *path));

#endif
