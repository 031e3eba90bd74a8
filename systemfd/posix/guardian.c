/* SPDX-License-Identifier: MIT */
#include "guardian.h"

#include "clock.h"
#include "descriptors.h"
#include "process_tree.h"
#include "remove_at_exit.h"
#include "report.h"
#include "title.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
    MOST_GROUPS = 1024, /* one page of memory */
    PATIENCE_MS = 2000, /* for processes that do not die, because they wait for a disk, say */
    PAUSE_MS = 5
};

static const char variable[] = "SYSTEMFD_PID";
static volatile pid_t *groups; /* in shared memory; 0 is a free entry */
static int pipe_end = -1;      /* closed when systemfd ends, which the guardian sees */

/* ---- In the guardian ---- */

static char systemfd[16];            /* the process ID of systemfd */
static struct tree_process guardian; /* older than every process that it is to kill */

/* A group cannot escape by forking: the kernel starts fork(2) again when a signal has come. */
static void kill_groups(void)
{
    for (size_t i = 0; i < MOST_GROUPS; i++)
        if (groups[i])
            kill(-groups[i], SIGKILL);
}

/* An older process may have the mark of an earlier systemfd with the same process ID. */
static int is_marked(pid_t id)
{
    struct tree_process process;

    return process_read(&process, id) && process.started >= guardian.started &&
           process_has_variable(id, variable, systemfd);
}

static int kill_marked(void)
{
    DIR *listing = opendir("/proc");
    struct dirent *entry;
    int any = 0;

    while (listing && (entry = readdir(listing)) != NULL) {
        pid_t id = (pid_t)atol(entry->d_name);
        if (id > 0 && is_marked(id) && kill(id, SIGKILL) == 0)
            any = 1;
    }
    if (listing)
        closedir(listing);
    return any;
}

/* Looks again until there are no marked processes, as they may be starting others. */
static void kill_all(void)
{
    long long deadline = now_ms() + PATIENCE_MS;

    kill_groups();
    while (kill_marked() && now_ms() < deadline)
        poll(NULL, 0, PAUSE_MS);
}

/* Keeps the guardian from being killed with the rest of a terminal, job or service, or by a search
 * for the name "systemfd". */
static void stand_apart(void)
{
    char title[48];
    char *marked = getenv(variable);

    for (int number = 1; number < 32; number++)
        signal(number, SIG_IGN);
    setsid();
    if (marked) /* by an outer systemfd, whose guardian must not kill this one */
        memset(marked, 0, strlen(marked));
    snprintf(title, sizeof title, "guardian of process %s", systemfd);
    title_set(title);
#ifdef PR_SET_NAME
    prctl(PR_SET_NAME, (unsigned long)"guardian");
#endif
}

__attribute__((noreturn)) static void guard(int end)
{
    char byte;

    stand_apart();
    if (dup2(end, 0) < 0)
        _exit(1);
    close_from(1);
    process_read(&guardian, getpid());
    while (read(0, &byte, 1) < 0 && errno == EINTR) {
    }
    kill_all();
    remove_in_this_process();
    remove_now();
    _exit(0);
}

/* ---- In systemfd ---- */

static int prepare(int ends[2])
{
    void *shared = mmap(NULL, MOST_GROUPS * sizeof *groups, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED)
        return -1;
    groups = shared;
    if (pipe(ends) < 0)
        return -1;
    return fcntl(ends[1], F_SETFD, FD_CLOEXEC);
}

static void start(void)
{
    int ends[2] = {-1, -1};
    pid_t id = -1;

    if (prepare(ends) == 0)
        id = fork();
    if (id == 0)
        guard(ends[0]);
    if (id < 0)
        report("cannot start the guardian: %s; if systemfd is killed, processes may be left",
               strerror(errno));
    close(ends[0]);
    pipe_end = ends[1];
}

void guardian_start(void)
{
    snprintf(systemfd, sizeof systemfd, "%ld", (long)getpid());
    if (getpid() != 1)
        start();
    setenv(variable, systemfd, 1);
}

static void replace(long old, long new)
{
    for (size_t i = 0; groups && i < MOST_GROUPS; i++)
        if (groups[i] == old) {
            groups[i] = (pid_t) new;
            return;
        }
}

void guardian_add(long group)
{
    replace(0, group);
}

void guardian_remove(long group)
{
    replace(group, 0);
}

void guardian_forget(void)
{
    if (pipe_end >= 0)
        close(pipe_end);
}
