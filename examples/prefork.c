/* SPDX-License-Identifier: MIT
 * Processes that share the listener, started before the first connection; one that dies is
 * replaced. On SIGTERM every process finishes the request in hand; who waits in the queue waits
 * for the next server.
 *
 *   cc -o prefork prefork.c $(pkg-config --cflags --libs listenfd)
 *   systemfd -s http::5000 -- ./prefork */
#define _GNU_SOURCE 1 /* accept4, pipe2 */
#include "listenfd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __APPLE__
#include "macos.h"
#endif

enum { WORKERS = 4, PATIENCE_S = 10 };

static int listener;
static int stop_pipe[2]; /* the parent has its writing end; when that is closed, all stop */

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

    if (!read_request(fd))
        return;
    snprintf(body, sizeof body, "hello from process %ld\n", (long)getpid());
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
             body);
    send(fd, response, strlen(response), MSG_NOSIGNAL);
}

/* All processes wake up for one connection, and accept() has it for one of them: that is why the
 * listener must not block. */
static void work(void)
{
    struct pollfd ready[] = {{.fd = listener, .events = POLLIN},
                             {.fd = stop_pipe[0], .events = POLLIN}};

    while (poll(ready, 2, -1) < 0 || !ready[1].revents) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0) {
            answer(fd);
            close(fd);
        }
    }
}

/* A worker has its signals blocked, as the parent has: systemd sends SIGTERM to all processes of
 * a service, and that must not end a request. */
static int start_worker(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        close(stop_pipe[1]);
        work();
        _exit(0);
    }
    if (pid < 0)
        perror("prefork: cannot start a worker");
    return pid > 0;
}

static int start_workers(void)
{
    for (int i = 0; i < WORKERS; i++)
        if (!start_worker())
            return 0;
    return 1;
}

static int replace_dead_workers(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        if (!start_worker())
            return 0;
    return 1;
}

/* The sockets are taken here: LISTEN_PID is the parent's, and no worker's. */
int main(int argc, char **argv)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    const char *address = argc > 1 ? argv[1] : "127.0.0.1:5000";
    sigset_t signals;
    int running, number = SIGCHLD;

    if (listenfd_take_or_bind(passed, 0, address, &listener) < 0) {
        fprintf(stderr, "prefork: %s\n", listenfd_message(passed));
        return 1;
    }
    listenfd_free(passed);
    if (pipe2(stop_pipe, O_CLOEXEC) < 0) {
        perror("prefork: pipe");
        return 1;
    }

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    running = start_workers();
    while (running && sigwait(&signals, &number) == 0 && number == SIGCHLD)
        running = replace_dead_workers();
    close(stop_pipe[1]);
    while (wait(NULL) > 0) {
    }
    return !running;
}
