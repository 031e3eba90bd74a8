/* SPDX-License-Identifier: MIT */
#include "devserver/glob.h"

#include <fnmatch.h>

int glob_matches(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
}
