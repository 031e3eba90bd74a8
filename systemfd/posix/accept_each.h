/* SPDX-License-Identifier: MIT
 * --accept: starts a process for each connection, at most as many at once as the option says.
 * Clients that come when there are that many wait in the queue. */
#ifndef SYSTEMFD_ACCEPT_EACH_H
#define SYSTEMFD_ACCEPT_EACH_H

#include "options.h"
#include "sockets/sockets.h"

/* To be called first. Both pointers are kept. Makes the listeners non-blocking. */
void accept_each_open(const struct options *given, const struct sockets *given_sockets);

/* May a connection be accepted now? */
int accept_each_may(void);

/* To be called after poll(2), with the entries of the listeners. Accepts a connection at each one
 * that has a client, as long as there is room. */
struct pollfd;
void accept_each_polled(const struct pollfd *entries, size_t polled);

/* To be called when a process has ended. Returns whether it was for a connection. */
struct exit_status;
int accept_each_ended(long id, const struct exit_status *how);

/* Asks all processes to stop. Those that are still there after --stop-timeout are killed. */
void accept_each_stop(void);

/* Kills all processes at once. */
void accept_each_kill(void);

/* Does what is due by now. To be called again within accept_each_timeout milliseconds (-1: no
 * need). */
void accept_each_look(void);
int accept_each_timeout(void);

/* Is any process left? */
int accept_each_is_left(void);

#endif
