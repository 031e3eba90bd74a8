/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "handover.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    if (pid < 0)
        die(EXIT_CANNOT_OPEN, "cannot start a process: %s", strerror(errno));
    setpgid(pid, pid); /* here and there: whoever is first */
    return pid;
}

/* Do our standard output and error go to the same place? */
static int is_one_stream(void)
{
    struct stat out, err;

    return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
           out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

/* fork_child, with the standard streams of a build or server; as one where ours are one, so
 * that what it prints keeps its order. */
static pid_t start(struct tail *tail)
{
    int out = output_open(STDOUT_FILENO, tail);
    int err = is_one_stream() ? dup(out) : output_open(STDERR_FILENO, tail);
    pid_t pid = fork_child();

    if (pid == 0) { /* two servers at once cannot share a terminal's input: none has it */
        dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
    }
    close(out);
    close(err);
    return pid;
}

pid_t start_server(const struct options *options, const struct sockets *sockets, const char *notify,
                   struct tail *tail)
{
    pid_t pid = start(tail);

    if (pid > 0)
        return pid;
    if (notify)
        setenv("NOTIFY_SOCKET", notify, 1);
    else
        unsetenv("NOTIFY_SOCKET");
    hand_over(sockets, !options->no_pid, options->command);
}

pid_t start_build(const struct options *options, struct tail *tail)
{
    struct sockets none = {0};
    char *command[] = {"/bin/sh", "-c", NULL, NULL};
    pid_t pid = start(tail);

    if (pid > 0)
        return pid;
    command[2] = strdup(options->build);
    hand_over(&none, 0, command);
}

int group_lives(pid_t leader)
{
    return kill(-leader, 0) == 0 || errno == EPERM;
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
