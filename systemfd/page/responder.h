/* SPDX-License-Identifier: MIT
 * The responder answers HTTP while there is no server. At most one accepts clients. It may wait for
 * slow clients while the rest of systemfd goes on: on POSIX it is a process of its own
 * (posix/responder.c), on Windows several threads (win32/responder.c). */
#ifndef SYSTEMFD_RESPONDER_H
#define SYSTEMFD_RESPONDER_H

#include "options.h"
#include "sockets/sockets.h"
#include "tail.h"

/* Starts it. Returns 0 if it cannot be started; if no socket is for http, there is nothing to
 * start, which is no failure. `hosts` are those of --error-page-for. */
int responder_start(const struct sockets *sockets, const char *title, const struct tail *tail,
                    const struct arguments *hosts);

/* Lets it accept no more clients. It ends by itself when those that it has are answered; another
 * one can be started at once. */
void responder_stop(void);

/* Ends it at once. On POSIX it lives until it has been reaped (responder_ended). */
void responder_kill(void);

/* Was one started, and neither stopped nor ended since? */
int responder_lives(void);

/* On POSIX, to be called when a process has ended. Returns whether it was the responder. */
int responder_ended(long id);

/* Fills in the sockets that were opened as http. Returns how many, at most `room`. */
size_t http_listeners(const struct sockets *sockets, listenfd_socket *listeners, size_t room);

#endif
