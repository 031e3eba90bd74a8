/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <stdio.h>

int until(long long when)
{
    long long left = when - now_ms();

    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

int earlier(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

long long later(long long a, long long b)
{
    return a > b ? a : b;
}

const char *since(long long start)
{
    static char text[48];
    long took = (long)(now_ms() - start);

    if (took < 1000)
        snprintf(text, sizeof text, "%ld ms", took);
    else
        snprintf(text, sizeof text, "%ld.%02ld s", took / 1000, took % 1000 / 10);
    return text;
}
