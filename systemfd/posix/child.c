/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall() */
#endif
#include "devserver/child.h"

#include "descriptor_store.h"
#include "exec_command.h"
#include "guardian.h"
#include "notify.h"
#include "devserver/output.h"
#include "devserver/servers.h"
#include "heal.h"
#include "process.h"
#include "remote_peer.h"
#include "service_manager.h"
#include "service_status.h"
#include "signals.h"
#include "terminal.h"
#include "variables.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

void child_check_stop_signal(const char *name)
{
    if (signal_number(name) == 0)
        die(EXIT_USAGE,
            "--stop-signal '%s' is not a signal; expected a name like TERM, or a number", name);
}

/* ---- Starting ---- */

/* Do our standard output and error go to the same place? */
static int is_one_stream(void)
{
    struct stat out, err;

    return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
           out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

/* fork_child, with standard streams for a build or server. Where our output and error are one
 * stream, so are the child's, and what it prints keeps its order. Only with may_read it gets our
 * input, as two servers cannot share a terminal's. A failure is reported, with `what` in it; if
 * that is NULL, the caller reports it. */
static pid_t start(const char *what, struct tail *tail, int may_read)
{
    int err = output_open(STDERR_FILENO, tail);
    int out = err < 0 ? -1 : is_one_stream() ? dup(err) : output_open(STDOUT_FILENO, tail);
    pid_t pid = out >= 0 ? fork_child() : -1;
    int reason;

    if (pid == 0) {
        if (!may_read)
            dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
    }
    reason = errno;
    if (pid < 0 && what)
        report("cannot start %s: %s", what, strerror(reason));
    close(out);
    close(err);
    errno = reason;
    return pid;
}

/* Opens a pidfd of a process that has not been reaped. Returns -1 if that is not possible. */
static int open_pidfd(long id)
{
#if defined(__linux__) && defined(SYS_pidfd_open)
    return (int)syscall(SYS_pidfd_open, (pid_t)id, 0);
#else
    (void)id;
    return -1;
#endif
}

static void start_job(struct child *child, const char *what, struct tail *tail, int may_read)
{
    child->pidfd = -1;
    child->id = child->group = start(what, tail, may_read);
    if (child->id > 0) {
        guardian_add(child->group);
        child->pidfd = open_pidfd(child->id);
    }
}

static void set_variables(const struct variable *variables)
{
    for (; variables && variables->name; variables++)
        set_variable(variables->name, variables->value);
}

/* ---- Servers ---- */

int child_can_speak(const struct child *child)
{
    return child->notify != NULL;
}

static void read_notify(const struct child *child)
{
    notify_read(child->notify, (pid_t)child->group, &child->notify->said);
}

/* Reads what servers have sent so far, since a server may store its state and then ask for a
 * restart by SIGHUP itself. */
static void update_store(void)
{
    const struct child *speakers[MAX_SERVERS];

    for (size_t count = servers_speakers(speakers); count-- > 0;)
        read_notify(speakers[count]);
    descriptor_store_check();
}

/* service_manager_open has removed the values for systemfd itself. */
static void set_notify_variables(const struct notify *notify, int with_pid)
{
    set_variable("NOTIFY_SOCKET", notify->name);
    set_number("FDSTORE", descriptor_store_most());
    if (service_manager_watchdog_usec() == 0)
        return;
    set_number("WATCHDOG_USEC", service_manager_watchdog_usec());
    if (with_pid)
        set_number("WATCHDOG_PID", (unsigned long long)getpid());
}

int child_start_server(struct child *child, const struct options *options,
                       const struct sockets *sockets, const struct variable *variables,
                       unsigned generation, struct tail *tail)
{
    struct sockets all;

    if (no_server_is_left())
        heal_modes();
    update_store();
    memset(child, 0, sizeof *child);
    child->notify = notify_open();
    if (terminal_is_for_servers())
        terminal_restore();
    start_job(child, "the server", tail, terminal_is_for_servers());
    if (child->id < 0) {
        child_forget(child);
        return 0;
    }
    if (child->id > 0)
        return 1;
    if (child->notify)
        set_notify_variables(child->notify, !options->no_pid);
    set_variables(variables);
    all = descriptor_store_behind(sockets);
    exec_server(&all, options, generation);
}

/* Becomes the command, with the connection as its only socket. As with Accept=yes of systemd, its
 * name is "connection". */
static void exec_for_connection(const struct options *options, int connection)
{
    static const char name[] = "connection";
    struct passed_socket socket = {.fd = connection, .name = name, .name_length = sizeof name - 1};
    struct sockets sockets = {.list = &socket,
                              .count = 1,
                              .named = 1,
                              .at_stdin = options->at_stdin || options->inetd ? 1 : 0};

    set_remote_variables(connection);
    unsetenv("NOTIFY_SOCKET");
    exec_server(&sockets, options, 1);
}

int child_start_connection(struct child *child, const struct options *options, int connection)
{
    static struct tail unused;

    memset(child, 0, sizeof *child);
    tail_clear(&unused);
    start_job(child, NULL, &unused, 0);
    if (child->id == 0)
        exec_for_connection(options, connection);
    if (child->id > 0)
        outputs_number(is_one_stream() ? 1 : 2, child->id);
    return child->id > 0;
}

int child_start_shell(struct child *child, const char *what, const char *command,
                      const struct variable *variables, struct tail *tail)
{
    char *argv[] = {"/bin/sh", "-c", NULL, NULL};

    memset(child, 0, sizeof *child);
    terminal_restore();
    start_job(child, what, tail, 0);
    if (child->id != 0)
        return child->id > 0;
    set_variables(variables);
    argv[2] = strdup(command);
    exec_command(argv);
}

/* ---- What it says ---- */

void child_hear(const struct child *child, struct said *said)
{
    const struct server *server;

    memset(said, 0, sizeof *said);
    if (!child->notify)
        return;
    read_notify(child);
    *said = child->notify->said;
    memset(&child->notify->said, 0, sizeof *said);
    server = servers_find(child->id);
    if (server)
        service_status_pass_on(server, said);
}

/* ---- Stopping ---- */

/* Is any of our children in that group? Orphans become our children (PR_SET_CHILD_SUBREAPER). */
static int has_members(long group)
{
#ifdef __linux__
    siginfo_t unused;

    return waitid(P_PGID, (id_t)group, &unused, WEXITED | WNOHANG | WNOWAIT) == 0;
#else
    (void)group;
    return 1;
#endif
}

/* Signals the process group. Returns 0, or -1 with errno: ESRCH if no member is left. Once the last
 * one has been reaped, another group may get the number, but a pidfd stays with this one
 * (PIDFD_SIGNAL_PROCESS_GROUP of pidfd_send_signal(2), Linux 6.9). */
static int signal_group(const struct child *child, int number)
{
#if defined(__linux__) && defined(SYS_pidfd_send_signal)
    const unsigned to_group = 1U << 2;

    if (child->pidfd >= 0 && child->group == child->id &&
        syscall(SYS_pidfd_send_signal, child->pidfd, number, NULL, to_group) == 0)
        return 0;
    if (child->pidfd >= 0 && child->group == child->id && errno == ESRCH)
        return -1;
#endif
    if (has_members(child->group))
        return kill((pid_t)-child->group, number);
    errno = ESRCH;
    return -1;
}

void child_stop_server(const struct child *child, const struct options *options)
{
    int number = options->stop_signal ? signal_number(options->stop_signal) : SIGTERM;

    if (child->leader_ended)
        signal_group(child, number);
    else
        kill((pid_t)child->id, number);
    signal_group(child, SIGCONT); /* a stopped process could not act on the signal */
}

void child_stop_build(const struct child *child)
{
    signal_group(child, SIGTERM);
    signal_group(child, SIGCONT);
}

void child_kill(const struct child *child)
{
    signal_group(child, SIGKILL);
}

int child_is_left(const struct child *child)
{
    return signal_group(child, 0) == 0 || errno == EPERM;
}

/* Never takes our own group: systemfd would be signalled, too. */
void child_follow(struct child *child, long id)
{
    pid_t group = getpgid((pid_t)id);

    if (child->pidfd >= 0)
        close(child->pidfd);
    guardian_remove(child->group);
    child->id = id;
    child->group = group > 0 && group != getpgrp() ? group : id;
    guardian_add(child->group);
    child->pidfd = open_pidfd(id);
    child->leader_ended = 0;
}

void child_forget(struct child *child)
{
    if (child->pidfd >= 0)
        close(child->pidfd);
    notify_close(child->notify);
    guardian_remove(child->group);
    child->notify = NULL;
    child->pidfd = -1;
    child->id = 0;
}
