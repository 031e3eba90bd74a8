/* SPDX-License-Identifier: MIT */
#include "restart_loop.h"

#include "report.h"

#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 3000, TIMES = 5 };

static void give_hint(const char *path)
{
    const char *slash = strrchr(path, '/');

    report("hint: %s changes soon after each start; if the server writes it: --ignore '%s'", path,
           slash ? slash + 1 : path);
}

void restart_loop_look(const char *path, long long after_ms)
{
    static char *last;
    static int times;

    if (after_ms > SOON_MS || !last || strcmp(last, path) != 0)
        times = 0;
    free(last);
    last = strdup(path);
    times++;
    if (times % TIMES == 0)
        give_hint(path);
}
