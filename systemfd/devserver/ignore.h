/* SPDX-License-Identifier: MIT
 * Which paths do not count when they change: the user's patterns first, of which the last that
 * matches decides; then what git tracks counts, and what the defaults name, or what git ignored
 * when systemfd started, does not. */
#ifndef SYSTEMFD_IGNORE_H
#define SYSTEMFD_IGNORE_H

#include "options.h"

/* Compiles --ignore, --only and the defaults. To be called before git_open. */
void ignore_setup(const struct options *all);

/* Does that file not count? `path` is as it will be reported; `below` is the part of it that
 * stands below what is watched. A pattern with a slash is matched against all of that, any other
 * against each of its parts: the folder "docs" takes all below it along. */
int ignores_file(const char *path, const char *below);

/* Does nothing below that folder count? */
int ignores_folder(const char *path, const char *below);

/* Do the defaults name it? */
int is_ignored_by_default(const char *below);

/* Does it count whatever git says: because --watch names it, or a pattern that begins with '!'
 * does? */
int is_wanted(const char *path);

#endif
