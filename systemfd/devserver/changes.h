/* SPDX-License-Identifier: MIT
 * Which changes count. While no build runs, all do that are not ignored. During a build they may
 * be the build's own. So these do not count then: a file that is made and removed again, a file
 * with the same content as before, and programs, objects and archives. In doubt a change counts:
 * one build too many costs time, one too few leaves a save unbuilt. */
#ifndef SYSTEMFD_CHANGES_H
#define SYSTEMFD_CHANGES_H

#include <stddef.h>

/* Called for each change that counts. `when` is its time in milliseconds, in_build whether a build
 * ran then. path is NULL if it is not known which file has changed. */
typedef void change_counts(const char *path, long long when, int in_build);

void changes_setup(change_counts *given);

/* Between these two calls, a change may be the build's own. */
void changes_build_begins(void);
void changes_build_ends(void);

/* Notes that a file or folder has been made that did not exist before. To be called before
 * change_noted is called for it. */
void change_is_new_file(const char *path);

/* Notes that a file has changed or is gone, at the time `now`. NULL: some have, and it is not
 * known which. */
void change_noted(const char *path, long long now);

/* Is git still being asked whether some changes count? */
int changes_undecided(void);

/* Reads git's answers. To be called after each event, and again within changes_timeout
 * milliseconds (-1: no need). */
void changes_look(void);
int changes_timeout(void);

/* For the report of a change: a path that counted since the last changes_clear, and in *number how
 * many changes counted. NULL: none did, or it is not known which. */
const char *changes_first(size_t *number);

/* Forgets what has counted so far, or still may: a restart begins that sees all of it. */
void changes_clear(void);

#endif
