/* SPDX-License-Identifier: MIT
 * On Windows: a thread that accepts, and one for each client. An AcceptEx can be called back
 * at any time, and needs no non-blocking mode, which the server would see. */
#include "page/responder.h"

#include "page/answer.h"
#include "sockets/net.h"

#include <mswsock.h>
#include <stdint.h>
#include <stdlib.h>

enum { MAX_LISTENERS = 16, MAX_TRIES = 1000, ADDRESS_SIZE = sizeof(struct sockaddr_storage) + 16 };

/* A client that is being waited for. */
struct door {
    listenfd_socket listener, client;
    HANDLE event;
    OVERLAPPED operation;
    char addresses[2 * ADDRESS_SIZE];
};

struct responder {
    struct answers answers;
    struct door doors[MAX_LISTENERS];
    size_t count;
    HANDLE stop, thread;
    volatile LONG users; /* threads */
};

static struct responder *responder;

/* ---- Answering ---- */

struct visit {
    struct responder *host;
    listenfd_socket client;
};

static DWORD WINAPI answer_visit(void *argument)
{
    struct visit *visit = argument;

    answer_client(visit->client, &visit->host->answers);
    InterlockedDecrement(&visit->host->users);
    free(visit);
    return 0;
}

/* A thread a client, so that a silent one keeps nobody waiting but itself. */
static void answer_aside(struct responder *host, listenfd_socket client)
{
    struct visit *visit = malloc(sizeof *visit);
    HANDLE thread = NULL;

    InterlockedIncrement(&host->users);
    if (visit) {
        *visit = (struct visit){host, client};
        thread = CreateThread(NULL, 0, answer_visit, visit, 0, NULL);
    }
    if (thread) {
        CloseHandle(thread);
        return;
    }
    InterlockedDecrement(&host->users);
    closesocket(client);
    free(visit);
}

/* ---- Accepting ---- */

static int family_of(listenfd_socket listener)
{
    struct sockaddr_storage address;
    int size = sizeof address;

    return getsockname(listener, (struct sockaddr *)&address, &size) == 0 ? address.ss_family
                                                                          : AF_INET;
}

/* The lowest bit of the event: the listener may be bound to a server's completion port, which
 * is to hear nothing of this. */
static int try_to_wait_at(struct door *door)
{
    DWORD unused;

    door->client = WSASocketW(family_of(door->listener), SOCK_STREAM, IPPROTO_TCP, NULL, 0,
                              WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    ZeroMemory(&door->operation, sizeof door->operation);
    ResetEvent(door->event);
    door->operation.hEvent = (HANDLE)((uintptr_t)door->event | 1);
    if (AcceptEx(door->listener, door->client, door->addresses, 0, ADDRESS_SIZE, ADDRESS_SIZE,
                 &unused, &door->operation) ||
        WSAGetLastError() == ERROR_IO_PENDING)
        return 1;
    closesocket(door->client);
    door->client = INVALID_SOCKET;
    return 0;
}

/* It fails for each client that has gone again before it came in. */
static void wait_at(struct door *door)
{
    for (int i = 0; i < MAX_TRIES && !try_to_wait_at(door); i++) {
    }
}

/* Somebody has come in, or nobody will any more. */
static void receive(struct responder *host, struct door *door)
{
    DWORD unused;

    if (door->client == INVALID_SOCKET)
        return;
    if (GetOverlappedResult((HANDLE)door->listener, &door->operation, &unused, TRUE)) {
        setsockopt(door->client, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&door->listener,
                   sizeof door->listener);
        answer_aside(host, door->client);
    } else {
        closesocket(door->client);
    }
    door->client = INVALID_SOCKET;
}

static void close_doors(struct responder *host)
{
    for (size_t i = 0; i < host->count; i++) {
        struct door *door = &host->doors[i];
        if (door->client != INVALID_SOCKET)
            CancelIoEx((HANDLE)door->listener, &door->operation);
        receive(host, door);
        CloseHandle(door->event);
    }
}

static DWORD WINAPI serve(void *argument)
{
    struct responder *host = argument;
    HANDLE events[MAX_LISTENERS + 1];
    DWORD which;

    events[0] = host->stop;
    for (size_t i = 0; i < host->count; i++) {
        events[i + 1] = host->doors[i].event;
        wait_at(&host->doors[i]);
    }
    while ((which = WaitForMultipleObjects((DWORD)host->count + 1, events, FALSE, INFINITE)) > 0 &&
           which <= host->count) {
        receive(host, &host->doors[which - 1]);
        wait_at(&host->doors[which - 1]);
    }
    close_doors(host);
    InterlockedDecrement(&host->users);
    return 0;
}

/* ---- From outside ---- */

static void discard(struct responder *host)
{
    if (host->thread)
        CloseHandle(host->thread);
    CloseHandle(host->stop);
    answers_free(&host->answers);
    free(host);
}

int responder_start(const struct sockets *sockets, const char *title, const struct tail *tail)
{
    listenfd_socket listeners[MAX_LISTENERS];
    size_t count = http_listeners(sockets, listeners, MAX_LISTENERS);
    struct responder *host;

    if (count == 0)
        return 1;
    host = calloc(1, sizeof *host);
    if (!host)
        return 0;
    host->count = count;
    host->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (size_t i = 0; i < count; i++) {
        host->doors[i].listener = listeners[i];
        host->doors[i].event = CreateEventW(NULL, TRUE, FALSE, NULL);
    }
    answers_make(&host->answers, title, tail);
    host->users = 1;
    host->thread = CreateThread(NULL, 0, serve, host, 0, NULL);
    if (!host->thread) {
        discard(host);
        return 0;
    }
    responder = host;
    return 1;
}

/* When this returns, whoever comes is the next server's. */
void responder_stop(void)
{
    if (!responder)
        return;
    SetEvent(responder->stop);
    WaitForSingleObject(responder->thread, INFINITE);
}

/* Its threads end with systemfd. */
void responder_kill(void)
{
    responder_stop();
    responder = NULL;
}

int responder_lives(void)
{
    if (responder && responder->users == 0) {
        WaitForSingleObject(responder->thread, INFINITE);
        discard(responder);
        responder = NULL;
    }
    return responder != NULL;
}
