/* SPDX-License-Identifier: MIT
 * One process per connection, which the launcher has accepted: systemd's Accept=yes, or inetd,
 * where it is the standard input. It answers, and ends. It takes no notice of SIGTERM: the request
 * in hand is all that it does, and that has a time limit.
 *
 *   cc -o connection connection.c $(pkg-config --cflags --libs listenfd)
 *   systemfd --accept -s http::5000 -- ./connection */
#include "listenfd.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

/* To the blank line: closing with bytes unread would reset the connection. */
static int read_request(int fd)
{
    struct timeval limit = {PATIENCE_S, 0};
    char request[4096];
    size_t length = 0;
    ssize_t got;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    do {
        got = recv(fd, request + length, sizeof request - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
        request[length] = '\0';
    } while (got > 0 && !strstr(request, "\r\n\r\n"));
    return got > 0;
}

static void answer(int fd)
{
    char response[160], body[64];

    snprintf(body, sizeof body, "hello from process %ld\n", (long)getpid());
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
             body);
    send(fd, response, strlen(response), MSG_NOSIGNAL);
}

static int is_socket(int fd)
{
    int type;
    socklen_t size = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

/* LISTENFD_BLOCK: who accepted it may have made it non-blocking. */
static int take_connection(int *fd)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_BLOCK);
    int result = listenfd_take_unix_stream(passed, 0, fd);

    if (result < 0) /* there is one of another kind */
        result = listenfd_take_tcp_stream(passed, 0, fd);
    if (result < 0)
        fprintf(stderr, "connection: %s\n", listenfd_message(passed));
    listenfd_free(passed);
    if (result == 0 && is_socket(STDIN_FILENO)) {
        *fd = STDIN_FILENO;
        result = 1;
    } else if (result == 0) {
        fprintf(stderr, "connection: no connection was passed: run it under Accept=yes, "
                        "systemfd --accept, or inetd\n");
    }
    return result == 1;
}

int main(void)
{
    int fd;

    signal(SIGTERM, SIG_IGN);
    if (!take_connection(&fd))
        return 1;
    if (read_request(fd))
        answer(fd);
    return 0;
}
