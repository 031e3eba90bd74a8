/* SPDX-License-Identifier: MIT
 * Watches files for changes. Linux reports them. Elsewhere, files are looked at twice a second, or
 * as often as --poll says; on Windows also when the system says that something has changed
 * (win32/directory_changes.c). */
#ifndef SYSTEMFD_WATCH_H
#define SYSTEMFD_WATCH_H

#include "options.h"

/* Watches every path of --watch, folders with everything below them, and what links lead to. Exits
 * with a message if a path cannot be watched. */
void watch_open(const struct options *options);

/* The descriptor to poll for reading; -1: none now, only watch_timeout counts. */
int watch_descriptor(void);

/* Milliseconds until a look is due even if nothing comes on that descriptor; -1: never. */
int watch_timeout(void);

/* To be called when something may have changed: a look that is not due yet comes soon. */
void watch_wake(void);

/* To be called when a command could not be executed. From now on, a change of mode counts as a
 * change of the file, if the file can be executed then. */
void watch_modes(void);

/* Is a look due? Where the system reports changes, it always is, because it costs nothing. */
int watch_is_due(void);

/* Has is_new called with each file or folder that did not exist before, as far as this can be
 * known. `changed` is called for it later. */
void watch_tell_new(void (*is_new)(const char *path));

/* Looks everywhere, and calls `changed` with the path of each file that has changed since the last
 * time, unless it is ignored; with NULL if something has changed, and it is not known what. Covers
 * what the system has reported before the call. Later changes may be left for the next call, so
 * that none takes for ever. */
void watch_read(void (*changed)(const char *path));

/* The same, but only where a look is due. */
void watch_read_due(void (*changed)(const char *path));

#endif
