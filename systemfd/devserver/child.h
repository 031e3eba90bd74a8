/* SPDX-License-Identifier: MIT
 * A build, a server or another command, with all the processes that it starts in turn: on POSIX a
 * process group (posix/child.c), on Windows a job (win32/child.c). */
#ifndef SYSTEMFD_CHILD_H
#define SYSTEMFD_CHILD_H

#include "options.h"
#include "sockets/sockets.h"
#include "page/tail.h"
#include "said.h"

struct child {
    /* The process ID of the leader, which is the process that was started; 0: none. Below 0, on
     * Windows: it could not be started, which is about to be reported as its end. */
    long id;
    int leader_ended;      /* other processes may be left */
    long group;            /* POSIX: the process group */
    int pidfd;             /* Linux: a pidfd of the leader, or -1 */
    struct notify *notify; /* where it says READY=1 and the like; NULL: it cannot */
    void *leader, *job;    /* Windows */
};

/* How a leader ended. */
struct exit_status {
    int code;      /* as in a shell: the exit status, or 128 plus the number of the signal */
    char text[64]; /* "exit status 2", "signal SEGV" */
};

/* Exits with a message if --stop-signal does not take that name. */
void child_check_stop_signal(const char *name);

/* An environment variable for a child. A list of them ends with a name of NULL; a NULL pointer is
 * an empty list. */
struct variable {
    const char *name, *value;
};

/* Starts the command with the sockets, as a server of that generation. Its output is copied to our
 * standard streams, and the end of it to *tail. Returns 1, or 0 after a report. */
int child_start_server(struct child *child, const struct options *options,
                       const struct sockets *sockets, const struct variable *variables,
                       unsigned generation, struct tail *tail);

/* On POSIX: starts the command for a connection, which stays the caller's to close. Returns 1, or 0
 * with errno, without a report. */
int child_start_connection(struct child *child, const struct options *options, int connection);

/* Starts a shell command, without sockets. `what` names it in the report of a failure. Output and
 * results are as with child_start_server. */
int child_start_shell(struct child *child, const char *what, const char *command,
                      const struct variable *variables, struct tail *tail);

/* What a server has said since the last call. */
void child_hear(const struct child *child, struct said *said);

/* Does it have a way to say anything? */
int child_can_speak(const struct child *child);

/* Asks a server to stop, as --stop-signal says. On POSIX only the leader is asked, since it knows
 * what its children are doing; once it has ended, all processes that are left are asked. */
void child_stop_server(const struct child *child, const struct options *options);

/* Asks all processes of a build to stop. */
void child_stop_build(const struct child *child);

/* Kills all its processes at once. */
void child_kill(const struct child *child);

/* Is any of its processes left? */
int child_is_left(const struct child *child);

/* Makes that process the leader: the one before has started it to go on in the background, and has
 * ended. */
void child_follow(struct child *child, long id);

/* Closes and frees what *child holds, and sets its id to 0. On Windows this ends the processes that
 * are left. */
void child_forget(struct child *child);

#endif
