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

/* When systemfd is killed with KILL, the child must not go on alone: where the system can do
 * that, it ends too (prctl(2); it may have been too late for the request). */
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
        setpgid(pid, pid); /* in parent and child, so that it is done whichever runs first */
    return pid;
}

/* Returns whether there is one that can be (proc(5)). */
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

/* Those of one that was killed become ours: so look again after each. Who has become another user
 * cannot be killed, and who waits for a disk does not die: they are not waited for for ever. */
void kill_children(void)
{
    long long deadline = now_ms() + KILL_PATIENCE_MS;

    while (kill_listed_children(0) && now_ms() < deadline)
        if (waitpid(-1, NULL, WNOHANG) == 0)
            poll(NULL, 0, 1);
    kill_listed_children(1);
}
