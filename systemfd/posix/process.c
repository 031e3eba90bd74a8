/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "clock.h"
#include "guardian.h"
#include "report.h"
#include "signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum { KILL_PATIENCE_MS = 2000 };

/* Makes the child die with systemfd, even if that is killed by SIGKILL; Linux only (prctl(2)). If
 * systemfd has already died, the request came too late, and the child exits. */
static void die_with(pid_t parent)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
#else
    (void)parent;
#endif
}

pid_t fork_child(void)
{
    pid_t parent = getpid(), pid;
    sigset_t all, mask;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask);
    pid = fork();
    if (pid == 0) {
        signals_restore();
        sigprocmask(SIG_SETMASK, &mask, NULL);
        setpgid(0, 0);
        guardian_forget();
        die_with(parent);
        return 0;
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (pid > 0)
        setpgid(pid, pid); /* in both parent and child, as either may run first */
    return pid;
}

/* Kills the children that /proc lists (proc(5)). Returns whether it could kill any. */
static int kill_listed_children(int tell_of_others)
{
    FILE *file = fopen("/proc/thread-self/children", "r");
    long pid;
    int any = 0;

    while (file && fscanf(file, "%ld", &pid) == 1) {
        if (kill((pid_t)pid, SIGKILL) == 0)
            any = 1;
        else if (tell_of_others)
            report("process %ld goes on: it cannot be ended: %s", pid, strerror(errno));
    }
    if (file)
        fclose(file);
    return any;
}

/* The children of a killed process become ours, so look again after each. The deadline is for
 * processes that belong to another user now and cannot be killed, or that wait for a disk. */
void kill_children(void)
{
    long long deadline = now_ms() + KILL_PATIENCE_MS;

    while (kill_listed_children(0) && now_ms() < deadline)
        if (waitpid(-1, NULL, WNOHANG) == 0)
            poll(NULL, 0, 1);
    kill_listed_children(1);
}
