/* SPDX-License-Identifier: MIT
 * How git is run, and where. */
#ifndef SYSTEMFD_GIT_COMMAND_H
#define SYSTEMFD_GIT_COMMAND_H

#include <sys/types.h>

/* Starts git in that folder. *out receives the end of a pipe, non-blocking, for what it prints;
 * *in, unless NULL, one for what it reads. 0: it cannot be started. */
pid_t git_start(const char *folder, const char *const *arguments, int *in, int *out);

/* The path of a file in a folder, as it is reported; for free(). */
char *git_join(const char *folder, const char *name);

/* The work tree that the folder, an absolute path, is in; for free(). NULL: none. */
char *git_find_tree(const char *folder);

#endif
