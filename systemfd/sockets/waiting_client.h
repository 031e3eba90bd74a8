/* SPDX-License-Identifier: MIT
 * Is there a client whom nobody has taken yet: a connection, or a datagram, at one of the sockets?
 */
#ifndef SYSTEMFD_WAITING_CLIENT_H
#define SYSTEMFD_WAITING_CLIENT_H

#include "sockets.h"

int client_is_waiting(const struct sockets *sockets);

#endif
