/* SPDX-License-Identifier: MIT
 * The server that hands out copies of the sockets; PROTOCOL.md specifies it. */
#ifndef SYSTEMFD_SOCKET_SERVER_H
#define SYSTEMFD_SOCKET_SERVER_H

#include "sockets/net.h"
#include "secret.h"
#include "sockets/sockets.h"

struct server {
    SOCKET listener;
    const struct sockets *sockets;
    char secret[SECRET_LENGTH + 1];
    char address[32]; /* "127.0.0.1:PORT" */
};

/* From now on it answers in a thread of its own, for as long as the process lives. server and
 * sockets stay in use. Exits with a message when it cannot be started. */
void server_start(struct server *server, const struct sockets *sockets);

#endif
