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

/* Starts a thread that answers for as long as this process lives. Keeps both pointers. Exits with a
 * message on failure. */
void server_start(struct server *server, const struct sockets *sockets);

#endif
