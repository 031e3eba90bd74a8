/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall() */
#endif
#include "descriptors.h"

#include <fcntl.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

/* Calls close_range(2), of Linux 5.9; its flag CLOSE_RANGE_CLOEXEC is of Linux 5.11. Returns 0
 * where that is missing. */
static int close_range_from(int from, unsigned flags)
{
#if defined(__linux__) && defined(SYS_close_range)
    return syscall(SYS_close_range, (unsigned)from, ~0U, flags) == 0;
#else
    (void)from;
    (void)flags;
    return 0;
#endif
}

void close_from(int from)
{
    if (!close_range_from(from, 0))
        for (long fd = from, limit = sysconf(_SC_OPEN_MAX); fd < limit; fd++)
            close((int)fd);
}

void close_from_on_exec(int from)
{
    const unsigned cloexec = 1U << 2;

    if (!close_range_from(from, cloexec))
        for (long fd = from, limit = sysconf(_SC_OPEN_MAX); fd < limit; fd++)
            fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}
