/* SPDX-License-Identifier: MIT
 * The development server's cycle: what happens when. It waits for nothing: supervise.c, on
 * Windows win32/supervise.c, does, and tells what has happened.
 *
 *   change -> (pause) -> build -> start the new server -> it is ready -> stop the old one
 *                          |               |
 *                          fails           dies: the old server stays; without one, http is
 *                                          answered with what was printed */
#ifndef SYSTEMFD_CYCLE_H
#define SYSTEMFD_CYCLE_H

#include "child.h"
#include "options.h"
#include "sockets/sockets.h"

void cycle_begin(const struct options *given, const struct sockets *given_sockets);

/* A file has changed; a process has ended; somebody wants a restart. */
void cycle_changed(const char *path);
void cycle_child_ended(long id, const struct exit_status *how);
void cycle_restart(const char *reason);

/* Somebody wants it all to end, for that reason, a number above 0; asked twice: at once. */
void cycle_end(int reason);

/* What is due by now; to be called after each event, and after cycle_timeout milliseconds
 * (-1: never) at the latest. */
void cycle_look(void);
int cycle_timeout(void);

/* The same, with that exit status. */
void cycle_exit(int status);

/* Why it ends: 0 not at all, or the reason given; -1 cycle_exit was called. */
int cycle_ending(void);
int cycle_is_over(void);

/* Is a restart under way: a build, or a server that is to become ready? What went wrong since the
 * last one that did, as "server 2 crashed: signal SEGV"; "" nothing. */
int cycle_is_restarting(void);
const char *cycle_failure(void);

/* --lazy: is a client waited for, who is to be told as soon as one is at the sockets? */
int cycle_waits_for_client(void);
void cycle_client_came(void);

/* --accept: may connections be accepted now? */
int cycle_accepts(void);

/* Somebody has asked twice. */
int cycle_ends_at_once(void);

/* For systemfd itself. */
int cycle_exit_status(void);

#endif
