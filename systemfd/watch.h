/* SPDX-License-Identifier: MIT
 * Which files change: inotify on Linux (watch_inotify.c), elsewhere by looking at them twice
 * a second (watch_scan.c). */
#ifndef SYSTEMFD_WATCH_H
#define SYSTEMFD_WATCH_H

#include "options.h"

/* Watches all that --watch names, folders with everything below them. Exits with a message
 * when one is not there. */
void watch_open(const struct options *given);

/* To poll for reading; -1: nothing to poll, only watch_timeout. */
int watch_descriptor(void);

/* Milliseconds after which watch_read has to be called anyway; -1: none. */
int watch_timeout(void);

/* Calls `changed` with the path of each file that changed since the last call, ignored ones
 * left out. */
void watch_read(void (*changed)(const char *path));

#endif
