/* SPDX-License-Identifier: MIT
 * Windows does not show which process waits for connections, but such a process must have asked for
 * the sockets. */
#include "devserver/accepting.h"

#include "answered_processes.h"

#include <string.h>

enum { TICK = 100000 }; /* 10 ms, in units of 100 ns: an idle process uses less now and then */

void accepting_setup(const struct sockets *sockets)
{
    (void)sockets;
}

static unsigned long long processor_time(HANDLE job)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION all = {0};

    QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &all, sizeof all, NULL);
    return (unsigned long long)(all.TotalUserTime.QuadPart + all.TotalKernelTime.QuadPart) / TICK;
}

void accepting_look(const struct child *child, struct sight *sight)
{
    DWORD process = answered_process_in(child->job);

    memset(sight, 0, sizeof *sight);
    sight->processor = processor_time(child->job);
    sight->process = (long)process;
    if (process)
        sight->waits = ~0ULL; /* it was sent all of them */
}

void accepting_command(long process, char *text, size_t size)
{
    (void)process;
    (void)size;
    *text = '\0';
}
