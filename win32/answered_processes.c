/* SPDX-License-Identifier: MIT */
#include "answered_processes.h"

enum { MOST = 64 };

static SRWLOCK lock = SRWLOCK_INIT;
static struct {
    HANDLE process; /* while it is open, no other process can get the same ID */
    DWORD id;
} answered[MOST];
static unsigned next;

void answered_processes_add(DWORD id)
{
    /* In Wine, IsProcessInJob needs more than PROCESS_QUERY_LIMITED_INFORMATION. */
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | SYNCHRONIZE, FALSE, id);

    if (!process)
        return;
    AcquireSRWLockExclusive(&lock);
    if (answered[next].process)
        CloseHandle(answered[next].process);
    answered[next].process = process;
    answered[next].id = id;
    next = (next + 1) % MOST;
    ReleaseSRWLockExclusive(&lock);
}

static int lives_in(HANDLE process, HANDLE job)
{
    BOOL is_in = FALSE;

    return process && WaitForSingleObject(process, 0) == WAIT_TIMEOUT &&
           IsProcessInJob(process, job, &is_in) && is_in;
}

DWORD answered_process_in(HANDLE job)
{
    DWORD found = 0;

    AcquireSRWLockExclusive(&lock);
    for (int i = 0; i < MOST && !found; i++)
        if (lives_in(answered[i].process, job))
            found = answered[i].id;
    ReleaseSRWLockExclusive(&lock);
    return found;
}
