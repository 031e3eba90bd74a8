/* SPDX-License-Identifier: MIT
 * git is not asked on Windows: --ignore says what to ignore besides the defaults. */
#include "devserver/git.h"

void git_open(const struct options *given)
{
    (void)given;
}

int git_lists_as_ignored(const char *path)
{
    (void)path;
    return 0;
}

int git_tracks(const char *path)
{
    (void)path;
    return 0;
}

enum git_answer git_ask(const char *path)
{
    (void)path;
    return GIT_COUNTS;
}

void git_on_answer(void (*given)(const char *path, int ignored))
{
    (void)given;
}

void git_rules_have_changed(void)
{
}

void git_look(void)
{
}

int git_timeout(void)
{
    return -1;
}
