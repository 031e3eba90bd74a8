/* SPDX-License-Identifier: MIT
 * Which paths do not count when they change. The user's patterns come first, and the last one that
 * matches decides. Otherwise, what git tracks counts; what the defaults name, or git ignored when
 * systemfd started, does not. */
#ifndef SYSTEMFD_IGNORE_H
#define SYSTEMFD_IGNORE_H

#include "options.h"

/* Compiles --ignore, --only and the defaults. To be called before git_open. */
void ignore_setup(const struct options *all);

/* Is a change of that file ignored? `path` is what reports show, `below` the part of it below what
 * is watched. A pattern with a slash is matched against `below` and each folder on the way, any
 * other against each name in it: so "docs" includes all that is below a folder docs. */
int ignores_file(const char *path, const char *below);

/* Is everything below that folder ignored? */
int ignores_folder(const char *path, const char *below);

/* Do the defaults ignore it? */
int is_ignored_by_default(const char *below);

/* Does it count whatever git says, because --watch names it, or a pattern that begins with '!'
 * matches it? */
int is_wanted(const char *path);

#endif
