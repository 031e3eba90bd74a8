/* SPDX-License-Identifier: MIT
 * Shell patterns: * ? [a-z] [!a-z]. Slashes and dots are not special. POSIX has fnmatch(3) for
 * them, Windows has nothing (win32/glob.c). */
#ifndef SYSTEMFD_GLOB_H
#define SYSTEMFD_GLOB_H

/* Does the pattern match the whole text? */
int glob_matches(const char *pattern, const char *text);

#endif
