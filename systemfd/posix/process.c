/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "signals.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

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
        die_with(parent);
        return 0;
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (pid > 0)
        setpgid(pid, pid); /* here and there: whoever is first */
    return pid;
}

/* Returns whether there are any (proc(5)). */
static int kill_listed_children(void)
{
    FILE *file = fopen("/proc/thread-self/children", "r");
    long pid;
    int any = 0;

    while (file && fscanf(file, "%ld", &pid) == 1) {
        kill((pid_t)pid, SIGKILL);
        any = 1;
    }
    if (file)
        fclose(file);
    return any;
}

/* Those of one that was killed become ours: so look again after each. */
void kill_children(void)
{
    while (kill_listed_children() && waitpid(-1, NULL, 0) > 0) {
    }
}
