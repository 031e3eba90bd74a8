/* SPDX-License-Identifier: MIT
 * Patterns of the shell: * ? [a-z] [!a-z]; neither slashes nor dots are special. POSIX brings
 * it along, Windows does not (win32/glob.c). */
#ifndef SYSTEMFD_GLOB_H
#define SYSTEMFD_GLOB_H

int glob_matches(const char *pattern, const char *text);

#endif
