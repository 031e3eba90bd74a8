/* SPDX-License-Identifier: MIT
 * A build or a server, with all the processes that it starts in its turn: on POSIX a process
 * group (child.c), on Windows a job (win32/child.c). */
#ifndef SYSTEMFD_CHILD_H
#define SYSTEMFD_CHILD_H

#include "options.h"
#include "sockets/sockets.h"
#include "page/tail.h"
#include "said.h"

struct child {
    long id; /* of their leader, the process that was started; below 0: it could not be, which
              * is about to be told as its end */
    int leader_ended;      /* it has ended; others may be left */
    long group;            /* on POSIX: the process group, */
    int pidfd;             /* and on Linux one of its first process; -1: there is none */
    struct notify *notify; /* NULL: it cannot say that it is ready */
    void *leader, *job;    /* on Windows */
};

/* How a leader ended. */
struct exit_status {
    int code;      /* as a shell would have it: the exit status, or 128 and the signal */
    char text[64]; /* "exit status 2", "signal SEGV" */
};

/* Exits with a message when that is no way to ask a server to stop. */
void child_check_stop_signal(const char *name);

/* For its environment: a list of them ends with one without a name; NULL is none. */
struct variable {
    const char *name, *value;
};

/* Starts the command with the sockets, as a server of that generation. What it prints goes to our
 * streams, and its end to *tail. 0, after a report, when that cannot be. */
int child_start_server(struct child *child, const struct options *options,
                       const struct sockets *sockets, const struct variable *variables,
                       unsigned generation, struct tail *tail);

/* On POSIX: starts the command for that connection. 0, without a report: errno says why not. */
int child_start_connection(struct child *child, const struct options *options, int connection);

/* Starts a command in the shell, likewise: `what` it is, for that report. */
int child_start_shell(struct child *child, const char *what, const char *command,
                      const struct variable *variables, struct tail *tail);

/* What a server has said since the last call. Where there is a way to say it, child_can_speak. */
void child_hear(const struct child *child, struct said *said);
int child_can_speak(const struct child *child);

/* A server is asked in the way of --stop-signal: the leader first, which knows what its
 * children are about; when it has ended, whoever is left. A build is asked as a whole. */
void child_stop_server(const struct child *child, const struct options *options);
void child_stop_build(const struct child *child);

/* All of them, at once. */
void child_kill(const struct child *child);

/* Is any of them left? */
int child_is_left(const struct child *child);

/* That process, which it started, is the leader now: the one before went into the background. */
void child_follow(struct child *child, long id);

/* Gives up what is kept of it. */
void child_forget(struct child *child);

#endif
