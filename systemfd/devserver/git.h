/* SPDX-License-Identifier: MIT
 * What git tracks and ignores: git itself is asked (posix/git.c). Without git, outside of a work
 * tree, or on Windows (win32/git.c), nobody knows: nothing is tracked, nothing ignored. */
#ifndef SYSTEMFD_GIT_H
#define SYSTEMFD_GIT_H

#include "options.h"

/* Asks about all that is watched, for at most a second or two. From then on it is known which
 * files there are that git ignores, and which it tracks although systemfd would ignore them. */
void git_open(const struct options *given);

/* As it was then: is that file, or folder with all in it, ignored? Is it tracked, or a folder
 * with something tracked in it? The second is only known of what is_ignored_by_default. */
int git_lists_as_ignored(const char *path);
int git_tracks(const char *path);

enum git_answer { GIT_COUNTS, GIT_IGNORES, GIT_ASKED };

/* Is that file ignored now? After GIT_ASKED the answer comes by `answered`, from git_look; in a
 * second, or else it counts. */
enum git_answer git_ask(const char *path);
void git_on_answer(void (*given)(const char *path, int ignored));

/* Ignored files may be others now. */
void git_rules_have_changed(void);

/* Reads answers; to be called after each event, and after git_timeout milliseconds (-1: never)
 * at the latest. */
void git_look(void);
int git_timeout(void);

/* For poll(2), on POSIX: fills in entries for what git_look waits for, and returns how many. */
struct pollfd;
size_t git_poll(struct pollfd *entries, size_t room);

/* On POSIX, to be told that a child was reaped: was it a git? */
int git_ended(long pid);

#endif
