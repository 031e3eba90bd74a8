/* SPDX-License-Identifier: MIT
 * Answers HTTP in the server's stead while there is none; at most one does. It may wait for
 * slow clients without the rest of systemfd having to: on POSIX it is a process of its own
 * (responder.c), on Windows a thread (win32/responder.c). */
#ifndef SYSTEMFD_RESPONDER_H
#define SYSTEMFD_RESPONDER_H

#include "sockets/sockets.h"
#include "tail.h"

/* 0 when it cannot be started. Where no socket is for http, there is nothing to start. */
int responder_start(const struct sockets *sockets, const char *title, const struct tail *tail);

/* Asks it to accept nobody any more, and to end after the requests in hand. To be asked again
 * until it has ended. */
void responder_stop(void);

void responder_kill(void);

int responder_lives(void);

/* On POSIX: that process has ended. Returns whether it was the responder. */
int responder_ended(long id);

#endif
