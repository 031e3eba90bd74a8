/* SPDX-License-Identifier: MIT
 * Does a client wait at one of the sockets: a connection or a datagram that no process has taken
 * yet? */
#ifndef SYSTEMFD_WAITING_CLIENT_H
#define SYSTEMFD_WAITING_CLIENT_H

#include "sockets.h"

int client_is_waiting(const struct sockets *sockets);

#endif
