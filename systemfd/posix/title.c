/* SPDX-License-Identifier: MIT */
#include "title.h"

#include <stdio.h>
#include <string.h>

static char *start;
static size_t size;

/* The arguments are next to each other in memory (execve(2), proc(5): /proc/PID/cmdline). */
void title_prepare(char **argv)
{
    start = argv[0];
    for (size_t i = 0; argv[i] && argv[i] == start + size; i++)
        size += strlen(argv[i]) + 1;
}

void title_set(const char *text)
{
    if (size == 0)
        return;
    memset(start, 0, size);
    snprintf(start, size, "%s", text);
}
