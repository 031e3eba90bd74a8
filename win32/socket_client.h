/* SPDX-License-Identifier: MIT
 * A client of the socket server. Nothing here waits. */
#ifndef SYSTEMFD_SOCKET_CLIENT_H
#define SYSTEMFD_SOCKET_CLIENT_H

#include "socket_server.h"

/* The secret, '|', a process ID, and one more: a request that fills this is too long. */
enum { REQUEST_SIZE = SECRET_LENGTH + 1 + 10 + 1 };

struct client {
    SOCKET connection;
    ULONGLONG deadline; /* GetTickCount64 */
    char request[REQUEST_SIZE];
    int received;
    DWORD process; /* who asks */
    char *answer;  /* NULL while the request is being read */
    size_t length, sent;
};

void client_open(struct client *client, SOCKET connection);
void client_close(struct client *client);

/* Reads or writes what is possible now; 0 when the client is to be closed. */
int client_continue(struct client *client, const struct server *server);

#endif
