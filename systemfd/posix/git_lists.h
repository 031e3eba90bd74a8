/* SPDX-License-Identifier: MIT
 * What git lists once, when systemfd starts. git_lists_as_ignored and git_tracks of
 * devserver/git.h look it up. */
#ifndef SYSTEMFD_GIT_LISTS_H
#define SYSTEMFD_GIT_LISTS_H

/* Asks git about that folder, which is watched: what it tracks there and, unless only that
 * matters, what it ignores. */
void git_list(const char *root, int only_tracked);

/* Is the path in a folder that is watched although git ignores it? */
int git_is_in_ignored_root(const char *path);

#endif
