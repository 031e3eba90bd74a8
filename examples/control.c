/* SPDX-License-Identifier: MIT
 * Two sockets by name: HTTP for everybody, and a unix socket to control the server with.
 *
 *   cc -o control control.c $(pkg-config --cflags --libs listenfd)
 *   systemfd -s http=http::5000 -s control=unix::./control.sock,mode=600 -- ./control
 *   curl http://127.0.0.1:5000/
 *   echo count | nc -U ./control.sock      answers how many requests there were; or: stop
 *
 * Sockets that were not passed are bound here. */
#include "listenfd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define CONTROL_PATH "./control.sock"

static unsigned long requests;
static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

/* A signal does not end the wait for the rest of a request. */
static ssize_t read_byte(int peer, char *byte)
{
    ssize_t got;

    do
        got = recv(peer, byte, 1, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

/* One line, or what comes before the peer stops sending. */
static void read_line(int peer, char *line, size_t size)
{
    struct timeval limit = {10, 0};
    size_t length = 0;

    setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    while (length < size - 1 && read_byte(peer, line + length) == 1 && line[length] != '\n')
        length++;
    line[length] = '\0';
}

/* Read to the blank line: closing with bytes unread would reset the connection. */
static void answer_http(int peer)
{
    static const char response[] =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\nhello\n";
    char line[1024];

    do {
        read_line(peer, line, sizeof line);
    } while (*line != '\0' && *line != '\r');
    requests++;
    send(peer, response, strlen(response), 0);
}

static void answer_control(int peer)
{
    char line[64], reply[64];

    read_line(peer, line, sizeof line);
    if (strcmp(line, "count") == 0) {
        snprintf(reply, sizeof reply, "%lu\n", requests);
    } else if (strcmp(line, "stop") == 0) {
        snprintf(reply, sizeof reply, "stopping\n");
        stopping = 1;
    } else {
        snprintf(reply, sizeof reply, "expected count or stop\n");
    }
    send(peer, reply, strlen(reply), 0);
}

static void serve(int listener, void (*answer)(int))
{
    int peer = accept(listener, NULL, NULL);

    if (peer < 0)
        return;
    answer(peer);
    close(peer);
}

/* *own_path tells whether the control socket's file is ours to remove. */
static int take_sockets(int *http, int *control, int *own_path)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    size_t http_index = listenfd_find_name(passed, "http", 0);
    size_t control_index = listenfd_find_name(passed, "control", 0);
    int result = listenfd_take_or_bind(passed, http_index, "127.0.0.1:5000", http);

    if (result >= 0)
        result = listenfd_take_or_bind(passed, control_index, CONTROL_PATH, control);
    if (result < 0)
        fprintf(stderr, "control: %s\n", listenfd_message(passed));
    *own_path = result == LISTENFD_BOUND;
    listenfd_free(passed);
    return result >= 0;
}

int main(void)
{
    int http, control, own_path;
    struct pollfd sockets[2];

    if (!take_sockets(&http, &control, &own_path))
        return 1;
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    signal(SIGPIPE, SIG_IGN);
    sockets[0].fd = http;
    sockets[1].fd = control;
    sockets[0].events = sockets[1].events = POLLIN;
    listenfd_notify("READY=1"); /* to whoever wants to know: systemd, systemfd */
    while (!stopping) {
        if (poll(sockets, 2, 200) <= 0)
            continue;
        if (sockets[0].revents)
            serve(http, answer_http);
        if (sockets[1].revents)
            serve(control, answer_control);
    }
    if (own_path)
        unlink(CONTROL_PATH);
    return 0;
}
