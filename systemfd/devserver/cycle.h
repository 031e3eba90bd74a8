/* SPDX-License-Identifier: MIT
 * The development server's cycle decides what happens next. It never waits: posix/supervise.c or
 * win32/supervise.c waits, and calls it when something has happened.
 *
 *   change -> (pause) -> build -> start the new server -> it is ready -> stop the old one
 *                          |               |
 *                          fails           dies: the old server stays. If there is none, http
 *                                          clients get what was printed. */
#ifndef SYSTEMFD_CYCLE_H
#define SYSTEMFD_CYCLE_H

#include "child.h"
#include "options.h"
#include "sockets/sockets.h"

void cycle_begin(const struct options *given, const struct sockets *given_sockets);

/* A file has changed. */
void cycle_changed(const char *path);

/* A process that systemfd started has ended. */
void cycle_child_ended(long id, const struct exit_status *how);

/* Somebody asks for a restart. */
void cycle_restart(const char *reason);

/* Somebody asks for the end: reason is the signal's number. The second call kills what is left. */
void cycle_end(int reason);

/* The same, but systemfd itself decided to end, with that exit status. */
void cycle_exit(int status);

/* Does what is due by now. Call it after each event, and at the latest after cycle_timeout
 * milliseconds (-1: no limit). */
void cycle_look(void);
int cycle_timeout(void);

/* 0 until the end is asked for; then the reason given to cycle_end, or -1 after cycle_exit. */
int cycle_ending(void);

/* All that systemfd has started is gone. */
int cycle_is_over(void);

/* A build runs, or a new server is not ready yet. */
int cycle_is_restarting(void);

/* What went wrong since a server became ready, as "server 2 crashed: signal SEGV"; or "". */
const char *cycle_failure(void);

/* A service manager decides what follows when there is no server: systemfd ends with the exit
 * status of the first server or build if that fails, and when a later one ends with status 0. Call
 * it before cycle_begin. */
void cycle_is_for_service(void);

/* --lazy: there is no server, and none is wanted before a client comes. */
int cycle_is_idle(void);

/* --lazy: call cycle_client_came as soon as a client is at one of the sockets. */
int cycle_waits_for_client(void);
void cycle_client_came(void);

/* --lazy: what cycle_is_restarting sees is the start for that client. */
int cycle_starts_for_client(void);

/* --accept: connections may be accepted now. */
int cycle_accepts(void);

/* The end was asked for twice. */
int cycle_ends_at_once(void);

/* The exit status of systemfd. */
int cycle_exit_status(void);

#endif
