/* SPDX-License-Identifier: MIT
 * One thread and many connections, with epoll (Linux). On SIGTERM it accepts no more, and ends
 * when the last connection is answered.
 *
 *   cc -o epoll epoll.c $(pkg-config --cflags --libs listenfd)
 *   systemfd -s http::5000 -- ./epoll */
#define _GNU_SOURCE 1 /* accept4 */
#include "listenfd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, PATIENCE_MS = 10000 };

struct connection {
    int fd;
    size_t length;
    char request[4096];
};

static int epoll, listener, signals;
static size_t connections;

/* owner: what its events tell us; one of ours, or a connection. */
static int watch(int fd, void *owner)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = owner}};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* One at a time: what is left wakes us up again, or the other process that shares the queue. */
static void accept_connection(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct connection *connection;

    if (fd < 0) /* EAGAIN: another process was faster */
        return;
    connection = calloc(1, sizeof *connection);
    if (!connection || watch(fd, connection) < 0) {
        free(connection);
        close(fd);
        return;
    }
    connection->fd = fd;
    connections++; /* NOLINT(clang-analyzer-unix.Malloc): epoll holds the pointer */
}

static void close_connection(struct connection *connection)
{
    close(connection->fd);
    free(connection);
    connections--;
}

/* The buffer of a new connection is empty, and takes it whole. */
static void answer(int fd)
{
    char response[160], body[64];

    snprintf(body, sizeof body, "hello from process %ld\n", (long)getpid());
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
             body);
    send(fd, response, strlen(response), MSG_NOSIGNAL);
}

/* To the blank line. No room left counts as the end. */
static void read_request(struct connection *connection)
{
    size_t room = sizeof connection->request - 1 - connection->length;
    ssize_t got = recv(connection->fd, connection->request + connection->length, room, 0);

    if (got < 0 && errno == EAGAIN)
        return;
    if (got > 0) {
        connection->length += (size_t)got;
        if (!strstr(connection->request, "\r\n\r\n"))
            return;
        answer(connection->fd);
    }
    close_connection(connection);
}

/* Closing alone would leave it in the epoll set for as long as the launcher has it open.
 * And never shutdown(): that ends the listener for the launcher, too. */
static void stop_listening(void)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, listener, NULL);
    epoll_ctl(epoll, EPOLL_CTL_DEL, signals, NULL);
    close(listener);
    listener = -1;
}

static void handle(void *owner)
{
    if (owner == &signals)
        stop_listening();
    else if (owner != &listener)
        read_request(owner);
    else if (listener >= 0) /* the signal may come first among these events */
        accept_connection();
}

static int serve(void)
{
    struct epoll_event events[EVENTS];

    while (listener >= 0 || connections > 0) {
        int count = epoll_wait(epoll, events, EVENTS, listener >= 0 ? -1 : PATIENCE_MS);

        if (count == 0) /* a client that is silent for so long is not waited for */
            break;
        if (count < 0 && errno != EINTR) {
            perror("epoll: epoll_wait");
            return 1;
        }
        for (int i = 0; i < count; i++)
            handle(events[i].data.ptr);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    const char *address = argc > 1 ? argv[1] : "127.0.0.1:5000";
    sigset_t set;

    if (listenfd_take_or_bind(passed, 0, address, &listener) < 0) {
        fprintf(stderr, "epoll: %s\n", listenfd_message(passed));
        return 1;
    }
    listenfd_free(passed);

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals = signalfd(-1, &set, SFD_CLOEXEC);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (signals < 0 || epoll < 0 || watch(signals, &signals) < 0 ||
        watch(listener, &listener) < 0) {
        perror("epoll: cannot wait for events");
        return 1;
    }
    return serve();
}
