/* SPDX-License-Identifier: MIT
 * One thread waits for all clients at once. A client that is silent, slow or sends nonsense only
 * takes one of the places below until its deadline. */
#include "socket_server.h"

#include "socket_client.h"
#include "report.h"
#include "system_error.h"

#include <stdio.h>
#include <string.h>

enum {
    MOST_CLIENTS = 64,
    /* If other programs connect without end, a long queue would be a long wait. A receiver that
     * finds it full tries again at once. */
    QUEUE = 64
};

struct crowd {
    struct client client[MOST_CLIENTS]; /* in the order of arrival */
    int count;
};

static void remove_client(struct crowd *crowd, int index)
{
    client_close(&crowd->client[index]);
    crowd->count--;
    memmove(&crowd->client[index], &crowd->client[index + 1],
            (size_t)(crowd->count - index) * sizeof crowd->client[0]);
}

/* When all places are taken, the oldest client loses its own: a real receiver has sent its request
 * by then. Most have sent it before they are accepted, and take no place at all. */
static void add_client(const struct server *server, struct crowd *crowd, SOCKET connection)
{
    struct client *client;

    if (crowd->count == MOST_CLIENTS)
        remove_client(crowd, 0);
    client = &crowd->client[crowd->count++];
    client_open(client, connection);
    if (!client_continue(client, server))
        remove_client(crowd, crowd->count - 1);
}

/* Accepts clients that wait, but not so many that one of them loses its place to another. */
static void accept_clients(const struct server *server, struct crowd *crowd)
{
    for (int i = 0; i < MOST_CLIENTS / 2; i++) {
        SOCKET connection = accept(server->listener, NULL, NULL);
        if (connection == INVALID_SOCKET)
            break;
        add_client(server, crowd, connection);
    }
}

/* Milliseconds to the first deadline, which is that of the oldest client; -1 without clients. */
static int patience(const struct crowd *crowd)
{
    ULONGLONG now = GetTickCount64();

    if (crowd->count == 0)
        return -1;
    return now < crowd->client[0].deadline ? (int)(crowd->client[0].deadline - now) : 0;
}

/* Returns whether a client waits to be accepted. */
static int wait_for_events(const struct server *server, const struct crowd *crowd, int *ready)
{
    WSAPOLLFD polled[MOST_CLIENTS + 1];

    polled[0].fd = server->listener;
    polled[0].events = POLLRDNORM;
    for (int i = 0; i < crowd->count; i++) {
        polled[i + 1].fd = crowd->client[i].connection;
        polled[i + 1].events = crowd->client[i].answer ? POLLWRNORM : POLLRDNORM;
    }
    if (WSAPoll(polled, (ULONG)crowd->count + 1, patience(crowd)) < 0)
        die(EXIT_CANNOT_OPEN, "cannot wait for requests: %s",
            system_error((DWORD)WSAGetLastError()));
    for (int i = 0; i < crowd->count; i++)
        ready[i] = polled[i + 1].revents != 0;
    return polled[0].revents != 0;
}

__attribute__((noreturn)) static DWORD WINAPI serve(void *argument)
{
    static struct crowd crowd;
    const struct server *server = argument;
    int ready[MOST_CLIENTS] = {0};

    for (;;) {
        int newcomer = wait_for_events(server, &crowd, ready);
        ULONGLONG now = GetTickCount64();
        for (int i = crowd.count - 1; i >= 0; i--)
            if ((ready[i] && !client_continue(&crowd.client[i], server)) ||
                now >= crowd.client[i].deadline)
                remove_client(&crowd, i);
        if (newcomer)
            accept_clients(server, &crowd);
    }
}

static SOCKET open_listener(struct sockaddr_in *address)
{
    SOCKET listener = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0,
                                 WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    int size = sizeof *address;
    BOOL exclusive = TRUE; /* or another program could take over the port, and get the secret */
    u_long nonblocking = 1;

    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener != INVALID_SOCKET &&
        setsockopt(listener, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&exclusive,
                   sizeof exclusive) == 0 &&
        bind(listener, (const struct sockaddr *)address, size) == 0 &&
        listen(listener, QUEUE) == 0 && ioctlsocket(listener, (long)FIONBIO, &nonblocking) == 0 &&
        getsockname(listener, (struct sockaddr *)address, &size) == 0)
        return listener;
    die(EXIT_CANNOT_OPEN, "cannot open the port to answer on: %s",
        system_error((DWORD)WSAGetLastError()));
}

void server_start(struct server *server, const struct sockets *sockets)
{
    struct sockaddr_in address;

    server->sockets = sockets;
    server->listener = open_listener(&address);
    snprintf(server->address, sizeof server->address, "127.0.0.1:%u", ntohs(address.sin_port));
    secret_create(server->secret);
    if (!CreateThread(NULL, 0, serve, server, 0, NULL))
        die(EXIT_CANNOT_OPEN, "cannot start the thread that answers: %s",
            system_error(GetLastError()));
}
