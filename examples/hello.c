/* SPDX-License-Identifier: MIT
 * The smallest server: takes the listener it was passed, or binds one, and answers HTTP.
 * When it is told to stop, it finishes the request in hand; who waits in the queue waits for
 * the next server. POSIX and Windows differ in the few lines below.
 *
 *   cc -o hello hello.c $(pkg-config --cflags --libs listenfd)
 *   systemfd -s http::5000 -- ./hello             takes what systemfd opened
 *   ./hello [ADDRESS]                             listens on 127.0.0.1:5000 by itself */
#include "listenfd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#ifdef _WIN32
#include <process.h>
#include <winsock2.h>
#define close closesocket
typedef int byte_count;
#else
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
typedef size_t byte_count;
#endif

static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

static int is_ready(listenfd_socket socket, long milliseconds)
{
    struct timeval limit = {milliseconds / 1000, milliseconds % 1000 * 1000};
    fd_set ready;
    int result;

    do { /* a signal does not end the wait for the rest of a request */
        FD_ZERO(&ready);
        FD_SET(socket, &ready);
        result = select((int)socket + 1, &ready, NULL, NULL, &limit);
    } while (result < 0 && errno == EINTR);
    return result > 0;
}

/* To the blank line: closing with bytes unread would reset the connection. */
static void read_request(listenfd_socket client)
{
    static const char blank_line[] = "\r\n\r\n";
    char bytes[4096];
    int matched = 0, got = 1;

    while (matched < 4 && got > 0 && is_ready(client, 10000)) {
        got = (int)recv(client, bytes, sizeof bytes, 0);
        for (int i = 0; i < got && matched < 4; i++)
            matched = bytes[i] == blank_line[matched] ? matched + 1 : bytes[i] == '\r';
    }
}

static void answer(listenfd_socket client)
{
    char response[128], body[64];

    read_request(client);
    snprintf(body, sizeof body, "hello from process %ld\n", (long)getpid());
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %u\r\n\r\n%s",
             (unsigned)strlen(body), body);
    send(client, response, (byte_count)strlen(response), 0);
    close(client);
}

int main(int argc, char **argv)
{
    const char *address = argc > 1 ? argv[1] : "127.0.0.1:5000";
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    listenfd_socket listener;

    if (listenfd_take_or_bind(passed, 0, address, &listener) < 0) {
        fprintf(stderr, "hello: %s\n", listenfd_message(passed));
        return 1;
    }
    listenfd_free(passed);

    signal(SIGTERM, stop);
    signal(SIGINT, stop); /* Ctrl-C, also on Windows */
#ifdef SIGBREAK
    signal(SIGBREAK, stop); /* Ctrl-Break, by which systemfd asks on Windows */
#endif
#ifdef SIGPIPE
    signal(SIGPIPE, SIG_IGN); /* a client that is gone must not end the server */
#endif
    listenfd_notify("READY=1"); /* to whoever wants to know: systemd, systemfd */
    while (!stopping) {
        if (is_ready(listener, 200)) {
            listenfd_socket client = accept(listener, NULL, NULL);
            if (client != LISTENFD_INVALID_SOCKET) /* else another process was faster */
                answer(client);
        }
    }
    return 0;
}
