/* SPDX-License-Identifier: MIT
 * Which changes count. While no build runs, all do but what is ignored. During a build they may
 * be the build's own: what it made and removed again, the same content again, and programs,
 * objects and archives do not count then. In doubt a change counts: a build too many costs time,
 * one too few a save. */
#ifndef SYSTEMFD_CHANGES_H
#define SYSTEMFD_CHANGES_H

#include <stddef.h>

/* One that counts; at that time in milliseconds, during a build or not. */
typedef void change_counts(const char *path, long long when, int in_build);

void changes_setup(change_counts *given);

/* Between these, changes may be the build's. */
void changes_build_begins(void);
void changes_build_ends(void);

/* A file has been made that was not there before: in a moment it is noted, too. */
void change_is_new_file(const char *path);

/* A file has changed, or is gone, at that time. NULL: some have, and nobody knows which. */
void change_noted(const char *path, long long now);

/* Is it still asked whether some count? To be looked at after each event, and after
 * changes_timeout milliseconds (-1: never) at the latest. */
int changes_undecided(void);
void changes_look(void);
int changes_timeout(void);

/* For the message: a path that counted since the last changes_clear, how many in all.
 * NULL: none, or it is not known which. */
const char *changes_first(size_t *number);
void changes_clear(void);

#endif
