/* SPDX-License-Identifier: MIT */
#include "socket_client.h"

#include "answered_processes.h"

#include <stdlib.h>
#include <string.h>

enum { DEADLINE_MS = 4000 }; /* a receiver gives up after 5 seconds */

_Static_assert(sizeof(WSAPROTOCOL_INFOW) == 628, "the protocol says 628 bytes");

void client_open(struct client *client, SOCKET connection)
{
    u_long nonblocking = 1;

    memset(client, 0, sizeof *client);
    client->connection = connection;
    client->deadline = GetTickCount64() + DEADLINE_MS;
    ioctlsocket(connection, (long)FIONBIO, &nonblocking);
    SetHandleInformation((HANDLE)connection, HANDLE_FLAG_INHERIT, 0);
}

void client_close(struct client *client)
{
    closesocket(client->connection);
    free(client->answer);
}

/* The process ID of a request "SECRET|PID"; 0 for any other request. */
static DWORD parse_request(const struct client *client, const struct server *server)
{
    unsigned long long pid = 0;
    int i;

    if (client->received < SECRET_LENGTH + 2 || client->request[SECRET_LENGTH] != '|' ||
        !secret_equals(server->secret, client->request))
        return 0;
    for (i = SECRET_LENGTH + 1; i < client->received; i++) {
        unsigned digit = (unsigned)client->request[i] - '0';
        if (digit > 9)
            return 0;
        pid = pid * 10 + digit;
    }
    return pid <= MAXDWORD ? (DWORD)pid : 0;
}

/* Duplicating changes that process at once, so the request must be known to be good before. */
static int make_answer(struct client *client, const struct server *server)
{
    size_t count = server->sockets->count;
    WSAPROTOCOL_INFOW *infos = calloc(count, sizeof *infos);

    client->answer = (char *)infos;
    client->length = count * sizeof *infos;
    if (!infos)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (WSADuplicateSocketW(server->sockets->list[i].fd, client->process, &infos[i]) != 0)
            return 0;
    return 1;
}

static int send_answer(struct client *client)
{
    while (client->sent < client->length) {
        int sent = send(client->connection, client->answer + client->sent,
                        (int)(client->length - client->sent), 0);
        if (sent < 0)
            return WSAGetLastError() == WSAEWOULDBLOCK;
        client->sent += (size_t)sent;
    }
    answered_processes_add(client->process);
    return 0; /* done: closing sends what has not gone out yet */
}

static int read_request(struct client *client, const struct server *server)
{
    int got = 1;

    while (got > 0 && client->received < REQUEST_SIZE) {
        got = recv(client->connection, client->request + client->received,
                   REQUEST_SIZE - client->received, 0);
        client->received += got > 0 ? got : 0;
    }
    if (got < 0)
        return WSAGetLastError() == WSAEWOULDBLOCK;
    if (got > 0)
        return 0;
    client->process = parse_request(client, server);
    return client->process != 0 && make_answer(client, server) && send_answer(client);
}

int client_continue(struct client *client, const struct server *server)
{
    return client->answer ? send_answer(client) : read_request(client, server);
}
