/* SPDX-License-Identifier: MIT
 * Converts between UTF-8, which all text is in here, and UTF-16, which Windows takes. All results
 * are for free(). */
#ifndef SYSTEMFD_WIDE_H
#define SYSTEMFD_WIDE_H

#include <wchar.h>

char *to_utf8(const wchar_t *wide);
wchar_t *to_wide(const char *text);

/* A file's path; one that is longer than MAX_PATH as "\\\\?\\C:\\...", which has no such limit
 * ("Maximum Path Length Limitation", Microsoft Learn). */
wchar_t *to_wide_path(const char *path);

#endif
