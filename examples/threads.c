/* SPDX-License-Identifier: MIT
 * A pool of threads that share the listener; each answers one connection at a time, with blocking
 * calls. On SIGTERM every thread finishes the request in hand; who waits in the queue waits for
 * the next server.
 *
 *   cc -pthread -o threads threads.c $(pkg-config --cflags --libs listenfd)
 *   systemfd -s http::5000 -- ./threads */
#define _GNU_SOURCE 1 /* accept4, pipe2 */
#include "listenfd.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#ifdef __APPLE__
#include "macos.h"
#endif

enum { THREADS = 8, PATIENCE_S = 10 };

static int listener;
static int stop_pipe[2]; /* its writing end is closed when all shall stop */

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

/* All threads wake up for one connection, and accept() has it for one of them: that is why the
 * listener must not block. To shutdown() the listener would also wake up all threads, and end it
 * for the launcher. */
static void *work(void *unused)
{
    struct pollfd ready[] = {{.fd = listener, .events = POLLIN},
                             {.fd = stop_pipe[0], .events = POLLIN}};

    for (;;) {
        int fd;

        poll(ready, 2, -1);
        if (ready[1].revents)
            return unused;
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            answer(fd);
            close(fd);
        }
    }
}

int main(int argc, char **argv)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    const char *address = argc > 1 ? argv[1] : "127.0.0.1:5000";
    pthread_t threads[THREADS];
    sigset_t signals;
    int started = 0, error = 0, number;

    if (listenfd_take_or_bind(passed, 0, address, &listener) < 0) {
        fprintf(stderr, "threads: %s\n", listenfd_message(passed));
        return 1;
    }
    listenfd_free(passed);
    if (pipe2(stop_pipe, O_CLOEXEC) < 0) {
        perror("threads: pipe");
        return 1;
    }

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* for the threads, too */
    while (started < THREADS && error == 0) {
        error = pthread_create(&threads[started], NULL, work, NULL);
        started += error == 0;
    }
    if (error == 0)
        sigwait(&signals, &number);
    else
        fprintf(stderr, "threads: cannot start a thread: %s\n", strerror(error));
    close(stop_pipe[1]);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    return error != 0;
}
