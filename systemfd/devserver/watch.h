/* SPDX-License-Identifier: MIT
 * Which files change: on Linux the system tells, elsewhere it is looked at them twice a second; on
 * Windows also when the system says that there is something to see
 * (win32/directory_changes.c). */
#ifndef SYSTEMFD_WATCH_H
#define SYSTEMFD_WATCH_H

#include "options.h"

/* Watches all that --watch names, folders with everything below them, and what links lead to.
 * Exits with a message when one is not there. */
void watch_open(const struct options *options);

/* To poll for reading; -1: nothing to poll, only watch_timeout. */
int watch_descriptor(void);

/* Milliseconds after which watch_is_due anyway; -1: none. */
int watch_timeout(void);

/* Something may have changed: it is to be looked soon. */
void watch_wake(void);

/* From now on, a file that can be executed counts when its mode changes: something could not
 * be. */
void watch_modes(void);

/* Is it time to look, and where it is not costly: at any time? */
int watch_is_due(void);

/* Where that can be told, is_new is called with a file, or folder, that has been made, before
 * `changed` is: it was not there before. */
void watch_tell_new(void (*is_new)(const char *path));

/* Looks everywhere, or where it is due; and calls `changed` with the path of each file that
 * changed since the last time, ignored ones left out; with NULL: something did, but it cannot be
 * told what. All that happened before the call is told, unless the system has no more to say at
 * once: how long it takes is bounded. */
void watch_read(void (*changed)(const char *path));
void watch_read_due(void (*changed)(const char *path));

#endif
