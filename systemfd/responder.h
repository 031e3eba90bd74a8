/* SPDX-License-Identifier: MIT
 * Answers HTTP in the server's stead while there is none.
 *
 * A process of its own: it accepts, and may wait for slow clients, without the rest of
 * systemfd having to; and it needs no non-blocking mode, which the server would see. */
#ifndef SYSTEMFD_RESPONDER_H
#define SYSTEMFD_RESPONDER_H

#include "output.h"
#include "sockets.h"

#include <sys/types.h>

/* 0 when there is no http socket. SIGTERM, sent until it has ended, ends it after the request
 * in hand. */
pid_t responder_start(const struct sockets *sockets, const char *title, const struct tail *tail);

#endif
