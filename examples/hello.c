/* SPDX-License-Identifier: MIT
 * The smallest server: takes the listener it was passed, or binds one, and answers HTTP.
 * On SIGTERM it finishes the request in hand; who waits in the queue waits for the next one.
 *
 *   hello [ADDRESS]                               listens on 127.0.0.1:5000 by itself
 *   systemfd -s http::5000 -- hello               takes what systemfd opened */
#include "listenfd.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

/* Waits for a client. SIGTERM gets through only here, so none is missed. */
static int client_waits(int listener, const sigset_t *waiting)
{
    fd_set ready;

    FD_ZERO(&ready);
    FD_SET(listener, &ready);
    return !stopping && pselect(listener + 1, &ready, NULL, NULL, NULL, waiting) > 0;
}

static void answer(int client)
{
    struct timeval limit = {10, 0}; /* for a client that says nothing */
    char request[4096] = "", response[128], body[64];
    size_t length = 0;
    ssize_t got = 1;

    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    while (got > 0 && length < sizeof request - 1 && !strstr(request, "\r\n\r\n")) {
        got = recv(client, request + length, sizeof request - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
    }
    snprintf(body, sizeof body, "hello from process %ld\n", (long)getpid());
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %u\r\n\r\n%s",
             (unsigned)strlen(body), body);
    send(client, response, strlen(response), 0);
    close(client);
}

int main(int argc, char **argv)
{
    listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    struct sigaction action = {.sa_handler = stop};
    sigset_t terminate, waiting;
    int listener;

    if (listenfd_take_or_bind_tcp(passed, 0, argc > 1 ? argv[1] : "127.0.0.1:5000", &listener) <
        0) {
        fprintf(stderr, "hello: %s\n", listenfd_message(passed));
        return 1;
    }
    listenfd_free(passed);

    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    sigprocmask(SIG_BLOCK, &terminate, &waiting);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a client that is gone must not end the server */
    while (client_waits(listener, &waiting)) {
        int client = accept(listener, NULL, NULL);
        if (client >= 0) /* else another process was faster */
            answer(client);
    }
    return 0;
}
