/* SPDX-License-Identifier: MIT
 * Answers HTTP in the server's stead while there is none; at most one does. It may wait for
 * slow clients without the rest of systemfd having to: on POSIX it is a process of its own
 * (responder.c), on Windows threads (win32/responder.c). */
#ifndef SYSTEMFD_RESPONDER_H
#define SYSTEMFD_RESPONDER_H

#include "options.h"
#include "sockets/sockets.h"
#include "tail.h"

/* 0 when it cannot be started. Where no socket is for http, there is nothing to start. Hosts are
 * those of --error-page-for. */
int responder_start(const struct sockets *sockets, const char *title, const struct tail *tail,
                    const struct arguments *hosts);

/* It accepts nobody any more, and ends by itself after the requests in hand; another one can be
 * started at once. */
void responder_stop(void);

/* It ends at once; on POSIX it lives until it was reaped. */
void responder_kill(void);

int responder_lives(void);

/* On POSIX: that process has ended. Returns whether it was the responder. */
int responder_ended(long id);

/* The sockets that were opened as http. Returns how many, at most room. */
size_t http_listeners(const struct sockets *sockets, listenfd_socket *listeners, size_t room);

#endif
