/* SPDX-License-Identifier: MIT */
#include "devserver/child.h"

#include "exec_command.h"
#include "notify.h"
#include "devserver/output.h"
#include "devserver/servers.h"
#include "heal.h"
#include "process.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* fork_child, with the standard streams of a build or server; as one where ours are one, so
 * that what it prints keeps its order. */
static pid_t start(const char *what, struct tail *tail)
{
    int err = output_open(STDERR_FILENO, tail);
    int out = err < 0 ? -1 : is_one_stream() ? dup(err) : output_open(STDOUT_FILENO, tail);
    pid_t pid = out >= 0 ? fork_child() : -1;

    if (pid == 0) { /* two servers at once cannot share a terminal's input: none has it */
        dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
    }
    if (pid < 0)
        report("cannot start %s: %s", what, strerror(errno));
    close(out);
    close(err);
    return pid;
}

int child_start_server(struct child *child, const struct options *options,
                       const struct sockets *sockets, struct tail *tail)
{
    if (no_server_is_left())
        heal_modes();
    memset(child, 0, sizeof *child);
    child->notify = notify_open();
    child->id = start("the server", tail);
    if (child->id < 0) {
        child_forget(child);
        return 0;
    }
    if (child->id > 0)
        return 1;
    if (child->notify)
        setenv("NOTIFY_SOCKET", child->notify->name, 1);
    else
        unsetenv("NOTIFY_SOCKET");
    exec_command(sockets, !options->no_pid, options->command);
}

int child_start_build(struct child *child, const struct options *options, struct tail *tail)
{
    struct sockets none = {0};
    char *command[] = {"/bin/sh", "-c", NULL, NULL};

    memset(child, 0, sizeof *child);
    child->id = start("the build", tail);
    if (child->id != 0)
        return child->id > 0;
    command[2] = strdup(options->build);
    exec_command(&none, 0, command);
}

/* ---- Being ready ---- */

int child_can_say_ready(const struct child *child)
{
    return child->notify != NULL;
}

int child_says_ready(const struct child *child)
{
    return child->notify && notify_read(child->notify, (pid_t)child->id);
}

/* ---- Stopping ---- */

void child_stop_server(const struct child *child, const struct options *options)
{
    int number = options->stop_signal ? signal_number(options->stop_signal) : SIGTERM;

    kill((pid_t)(child->leader_ended ? -child->id : child->id), number);
    kill((pid_t)-child->id, SIGCONT); /* one that is stopped could not see it */
}

void child_stop_build(const struct child *child)
{
    kill((pid_t)-child->id, SIGTERM);
}

void child_kill(const struct child *child)
{
    kill((pid_t)-child->id, SIGKILL);
}

int child_is_left(const struct child *child)
{
    return kill((pid_t)-child->id, 0) == 0 || errno == EPERM;
}

void child_forget(struct child *child)
{
    notify_close(child->notify);
    child->notify = NULL;
    child->id = 0;
}
