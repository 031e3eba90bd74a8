/* SPDX-License-Identifier: MIT
 * Starts git, and finds the work tree that it is asked about. */
#ifndef SYSTEMFD_GIT_COMMAND_H
#define SYSTEMFD_GIT_COMMAND_H

#include <sys/types.h>

/* Starts git in that folder. `arguments` ends with NULL. *out receives the read end of a pipe for
 * what git prints; *in, unless `in` is NULL, the write end of one for what it reads. Both are
 * non-blocking, and the caller closes them. Returns its process ID, or 0 on failure; if there is no
 * git, it ends with status 127. */
pid_t git_start(const char *folder, const char *const *arguments, int *in, int *out);

/* The path of a file in a folder, without "./" in front. The caller frees it. */
char *git_join(const char *folder, const char *name);

/* The root of the work tree that contains the folder, an absolute path; NULL if it is in none. The
 * caller frees it. */
char *git_find_tree(const char *folder);

#endif
