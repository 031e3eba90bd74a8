/* SPDX-License-Identifier: MIT
 * --accept: a process for each connection, up to as many at once as the option says. Who comes when
 * there are that many waits in the queue. */
#ifndef SYSTEMFD_ACCEPT_EACH_H
#define SYSTEMFD_ACCEPT_EACH_H

#include "options.h"
#include "sockets/sockets.h"

void accept_each_open(const struct options *given, const struct sockets *given_sockets);

/* Is there room for a connection? */
int accept_each_may(void);

/* After poll(2) for the listeners: one process for each that has a client. */
struct pollfd;
void accept_each_polled(const struct pollfd *entries, size_t polled);

/* That process has ended. Returns 0 when it is none of these. */
struct exit_status;
int accept_each_ended(long id, const struct exit_status *how);

/* Asks all to stop, and kills them after --stop-timeout; or kills them. */
void accept_each_stop(void);
void accept_each_kill(void);

/* What is due by now, and when that is again (-1: never). */
void accept_each_look(void);
int accept_each_timeout(void);

int accept_each_is_left(void);

#endif
