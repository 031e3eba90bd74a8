/* SPDX-License-Identifier: MIT
 * What git lists when systemfd starts, and again when its rules have changed: what it tracks in the
 * folders that are watched, and what it ignores. git_lists_as_ignored and git_tracks of
 * devserver/git.h look it up. */
#ifndef SYSTEMFD_GIT_LISTS_H
#define SYSTEMFD_GIT_LISTS_H

#include "options.h"

#include <stddef.h>

struct pollfd;

/* What is ignored, git goes on to find out meanwhile. */
void git_lists_open(const struct options *given);

/* Is that still open for this folder? It is not for one in which git tracks something. After
 * git_finish_lists, which waits, it is not for any. */
int git_is_listing(const char *folder);
void git_finish_lists(void);

/* Ignored files may be others now: git is asked again. */
void git_lists_are_outdated(void);

/* As those of devserver/git.h. */
void git_lists_look(void);
int git_lists_timeout(void);
size_t git_lists_poll(struct pollfd *entry);
int git_lists_ended(long pid);

/* Do folders count now that were ignored before? Until it is said that they are known. */
int git_ignores_less(void);
void git_ignores_less_is_known(void);

/* Is the path in a folder that is watched although git ignores it? */
int git_is_in_ignored_root(const char *path);

#endif
