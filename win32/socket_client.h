/* SPDX-License-Identifier: MIT
 * A client of the socket server. None of these calls waits. */
#ifndef SYSTEMFD_SOCKET_CLIENT_H
#define SYSTEMFD_SOCKET_CLIENT_H

#include "socket_server.h"

/* The secret, '|', a process ID, and one byte more: a request that fills this is too long. */
enum { REQUEST_SIZE = SECRET_LENGTH + 1 + 10 + 1 };

struct client {
    SOCKET connection;
    ULONGLONG deadline; /* by GetTickCount64 */
    char request[REQUEST_SIZE];
    int received;
    DWORD process; /* the process that asks */
    char *answer;  /* NULL while the request is being read */
    size_t length, sent;
};

/* Prepares a client that has connected; client_close closes the connection. */
void client_open(struct client *client, SOCKET connection);
void client_close(struct client *client);

/* Reads or writes what is possible now. Returns 0 when the client is to be closed. */
int client_continue(struct client *client, const struct server *server);

#endif
