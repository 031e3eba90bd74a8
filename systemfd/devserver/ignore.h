/* SPDX-License-Identifier: MIT
 * Which paths do not count when they change. */
#ifndef SYSTEMFD_IGNORE_H
#define SYSTEMFD_IGNORE_H

#include "options.h"

/* Is that path, relative to what is watched, ignored by default or by --ignore? A pattern
 * with a slash is matched against the whole path, any other against each of its parts: the
 * folder "build" takes all below it along. */
int is_ignored(const struct arguments *patterns, const char *path);

#endif
