/* SPDX-License-Identifier: MIT
 * What git tracks and ignores: git itself is asked (posix/git.c). Without git, outside of a work
 * tree, and on Windows (win32/git.c), nothing counts as tracked or ignored. */
#ifndef SYSTEMFD_GIT_H
#define SYSTEMFD_GIT_H

#include "options.h"

/* Has git list what it ignores in the folders that are watched, and what it tracks there although
 * systemfd would ignore it. This takes at most two seconds for each. Keeps the pointer. */
void git_open(const struct options *given);

/* Did git list that file, or that folder with everything in it, as ignored? */
int git_lists_as_ignored(const char *path);

/* Did git list that file, or something in that folder, as tracked? Only known for files that the
 * defaults ignore (is_ignored_by_default). */
int git_tracks(const char *path);

enum git_answer { GIT_COUNTS, GIT_IGNORES, GIT_ASKED };

/* Is that file ignored now? After GIT_ASKED, git_look will give the answer to the function of
 * git_on_answer. If git does not answer within a second, the file counts. */
enum git_answer git_ask(const char *path);

/* Sets the function that is called with each answer. */
void git_on_answer(void (*given)(const char *path, int ignored));

/* To be called when git may ignore other files than before. */
void git_rules_have_changed(void);

/* Reads git's answers. To be called after each event, and again within git_timeout milliseconds
 * (-1: no need). */
void git_look(void);
int git_timeout(void);

/* On POSIX: fills in entries for poll(2), at most `room`, and returns how many. */
struct pollfd;
size_t git_poll(struct pollfd *entries, size_t room);

/* On POSIX, to be called when a child has ended. Returns whether it was a git of ours. */
int git_ended(long pid);

#endif
