/* SPDX-License-Identifier: MIT
 * On Windows the responder is a thread that accepts, and one for each client. AcceptEx can be
 * cancelled at any time, and needs no non-blocking mode, which the server would share. */
#include "page/responder.h"

#include "clock.h"
#include "page/visit.h"
#include "sockets/net.h"

#include <mswsock.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    MAX_LISTENERS = 16,
    MAX_USERS = 100, /* further clients wait in the listeners' queues */
    TICK_MS = 50,    /* how often to look whether there is room again, or it is time to end */
    MAX_TRIES = 1000,
    ADDRESS_SIZE = sizeof(struct sockaddr_storage) + 16
};

/* A listener, and the socket of the client that it waits for. */
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
    volatile LONG users; /* the number of its threads; the last one frees it */
};

static struct responder *responder;

static void leave(struct responder *host)
{
    if (InterlockedDecrement(&host->users) > 0)
        return;
    CloseHandle(host->stop);
    answers_free(&host->answers);
    free(host);
}

/* ---- Answering ---- */

struct guest {
    struct responder *host;
    struct visit visit;
};

static DWORD WINAPI answer_guest(void *argument)
{
    struct guest *guest = argument;
    struct visit *visit = &guest->visit;
    int hurries = 0;

    while (visit_go_on(visit, &guest->host->answers)) {
        WSAPOLLFD entry = {visit->client, visit_events(visit), 0};
        WSAPoll(&entry, 1, earlier(visit_timeout(visit), TICK_MS));
        if (!hurries && WaitForSingleObject(guest->host->stop, 0) == WAIT_OBJECT_0) {
            hurries = 1;
            visit_hurry(visit, &guest->host->answers);
        }
    }
    leave(guest->host);
    free(guest);
    return 0;
}

/* One thread per client, so that a silent client keeps no other waiting. */
static void answer_aside(struct responder *host, listenfd_socket client)
{
    struct guest *guest = malloc(sizeof *guest);
    u_long nonblocking = 1;
    HANDLE thread = NULL;

    InterlockedIncrement(&host->users);
    if (guest && ioctlsocket(client, (long)FIONBIO, &nonblocking) == 0) {
        guest->host = host;
        visit_begin(&guest->visit, client);
        thread = CreateThread(NULL, 0, answer_guest, guest, 0, NULL);
    }
    if (thread) {
        CloseHandle(thread);
        return;
    }
    InterlockedDecrement(&host->users);
    closesocket(client);
    free(guest);
}

/* ---- Accepting ---- */

static int family_of(listenfd_socket listener)
{
    struct sockaddr_storage address;
    int size = sizeof address;

    return getsockname(listener, (struct sockaddr *)&address, &size) == 0 ? address.ss_family
                                                                          : AF_INET;
}

/* The listener may be bound to a server's completion port. The lowest bit of the event keeps this
 * operation from being reported there (GetQueuedCompletionStatus). */
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

/* AcceptEx fails once for each client that was gone before it could be accepted. */
static void wait_at(struct door *door)
{
    for (int i = 0; i < MAX_TRIES && !try_to_wait_at(door); i++) {
    }
}

/* Ends a wait: a client has been accepted, or the wait was cancelled. */
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
    ResetEvent(door->event);
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

/* Returns whether every listener waits for a client. */
static int wait_at_doors(struct responder *host)
{
    int all = 1;

    for (size_t i = 0; i < host->count; i++) {
        if (host->doors[i].client == INVALID_SOCKET && host->users <= MAX_USERS)
            wait_at(&host->doors[i]);
        all &= host->doors[i].client != INVALID_SOCKET;
    }
    return all;
}

static DWORD WINAPI serve(void *argument)
{
    struct responder *host = argument;
    HANDLE events[MAX_LISTENERS + 1];
    DWORD which;

    events[0] = host->stop;
    for (size_t i = 0; i < host->count; i++)
        events[i + 1] = host->doors[i].event;
    do {
        DWORD limit = wait_at_doors(host) ? INFINITE : TICK_MS;
        which = WaitForMultipleObjects((DWORD)host->count + 1, events, FALSE, limit);
        if (which > 0 && which <= host->count)
            receive(host, &host->doors[which - 1]);
    } while ((which > 0 && which <= host->count) || which == WAIT_TIMEOUT);
    close_doors(host);
    leave(host);
    return 0;
}

/* ---- Starting and stopping ---- */

int responder_start(const struct sockets *sockets, const char *title, const struct tail *tail,
                    const struct arguments *hosts)
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
        host->doors[i].client = INVALID_SOCKET;
        host->doors[i].event = CreateEventW(NULL, TRUE, FALSE, NULL);
    }
    answers_make(&host->answers, title, tail, hosts);
    host->users = 1;
    host->thread = CreateThread(NULL, 0, serve, host, 0, NULL);
    if (!host->thread) {
        leave(host);
        return 0;
    }
    responder = host;
    return 1;
}

/* Once this has returned, new clients belong to the next server. */
void responder_stop(void)
{
    HANDLE thread;

    if (!responder)
        return;
    thread = responder->thread;
    SetEvent(responder->stop);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    responder = NULL;
}

/* Threads need not be killed: they end with systemfd. */
void responder_kill(void)
{
    responder_stop();
}

int responder_lives(void)
{
    return responder != NULL;
}
