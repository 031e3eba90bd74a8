/* SPDX-License-Identifier: MIT
 * Lists what git tracks and ignores in the folders that are watched, when systemfd starts and when
 * git's rules have changed. git_lists_as_ignored and git_tracks of devserver/git.h look it up. */
#ifndef SYSTEMFD_GIT_LISTS_H
#define SYSTEMFD_GIT_LISTS_H

#include "options.h"

#include <stddef.h>

struct pollfd;

/* Lists what git tracks, and has git begin to list what it ignores. Keeps the pointer. */
void git_lists_open(const struct options *given);

/* Is it unknown yet whether git ignores that folder? It is known if git tracks something in it. */
int git_is_listing(const char *folder);

/* Waits until git has listed what it ignores, or its time is over. */
void git_finish_lists(void);

/* To be called when git may ignore other files than before. Has everything listed again. */
void git_lists_are_outdated(void);

/* The part of git_look, git_timeout, git_poll and git_ended (devserver/git.h) that is for lists. */
void git_lists_look(void);
int git_lists_timeout(void);
size_t git_lists_poll(struct pollfd *entry);
int git_lists_ended(long pid);

/* Is something not ignored any more that was before? */
int git_ignores_less(void);

/* To be called when that has been dealt with. */
void git_ignores_less_is_known(void);

/* Is the path in a folder that is watched although git ignores it? */
int git_is_in_ignored_root(const char *path);

#endif
