/* SPDX-License-Identifier: MIT
 * Which changes call for a restart: what a build writes itself does not. */
#ifndef SYSTEMFD_CHANGES_H
#define SYSTEMFD_CHANGES_H

#include <stddef.h>

/* Between these, changes may be the build's. */
void changes_build_begins(void);
void changes_build_ends(void);

/* A file changed, at that time in milliseconds. Returns whether that calls for a restart; 0
 * during a build, where changes_decide tells. */
int change_noted(const char *path, long long now);

/* Decides about the changes of a build that were noted until then: by then the build has
 * removed what was temporary, and written what it was writing. Returns how many call for a
 * restart. */
size_t changes_decide(long long until);

/* When the earliest undecided change was noted; 0: there is none. */
long long changes_undecided(void);

/* For the message: a path that counted since the last changes_clear, how many in all.
 * NULL: none. */
const char *changes_first(size_t *number);
void changes_clear(void);

#endif
