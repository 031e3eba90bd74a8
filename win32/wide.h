/* SPDX-License-Identifier: MIT
 * Converts between UTF-8, in which systemfd has all its text, and the UTF-16 of Windows. All
 * results are for free(). */
#ifndef SYSTEMFD_WIDE_H
#define SYSTEMFD_WIDE_H

#include <wchar.h>

char *to_utf8(const wchar_t *wide);
wchar_t *to_wide(const char *text);

/* The path of a file. A path that is too long for MAX_PATH becomes "\\\\?\\C:\\...", which has no
 * such limit ("Maximum Path Length Limitation", Microsoft Learn). */
wchar_t *to_wide_path(const char *path);

#endif
