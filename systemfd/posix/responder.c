/* SPDX-License-Identifier: MIT
 * On POSIX: a process of its own, because it needs no non-blocking mode then, which the
 * server would see. */
#include "page/responder.h"

#include "page/answer.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_LISTENERS = 16 };

static pid_t responder;
static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

/* One process a client, so that a silent one keeps nobody waiting but itself; unless there
 * can be no more of them. */
static void answer_aside(int client, const struct answers *answers)
{
    pid_t pid;

    if (client < 0)
        return;
    pid = fork_child();
    if (pid <= 0) {
        signal(SIGPIPE, SIG_IGN);
        fcntl(client, F_SETFL, 0); /* on BSD it has the mode of the listener */
        answer_client(client, answers);
    }
    if (pid == 0)
        _exit(0);
    if (pid > 0)
        close(client);
}

/* The signal may arrive just before accept(2), which then waits on: whoever sends it sends
 * it again until this process has ended. */
static void serve(struct pollfd *listeners, size_t count, const struct answers *answers)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = stop; /* no SA_RESTART: accept and poll are to be interrupted */
    sigaction(SIGTERM, &action, NULL);
    while (!stopping && poll(listeners, (nfds_t)count, -1) > 0) {
        for (size_t i = 0; i < count && !stopping; i++)
            if (listeners[i].revents)
                answer_aside(accept(listeners[i].fd, NULL, NULL), answers);
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
    while (wait(NULL) > 0 || errno == EINTR) { /* for the answers in hand */
    }
}

int responder_start(const struct sockets *sockets, const char *title, const struct tail *tail)
{
    listenfd_socket listeners[MAX_LISTENERS];
    struct pollfd polled[MAX_LISTENERS];
    struct answers answers;
    size_t count = http_listeners(sockets, listeners, MAX_LISTENERS);
    pid_t pid = count > 0 ? fork_child() : 0;

    if (pid < 0)
        return 0;
    responder = pid;
    if (count == 0 || pid > 0)
        return 1;
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = listeners[i], .events = POLLIN};
    answers_make(&answers, title, tail);
    serve(polled, count, &answers);
    _exit(0);
}

void responder_stop(void)
{
    if (responder)
        kill(responder, SIGTERM);
}

void responder_kill(void)
{
    if (responder)
        kill(responder, SIGKILL);
}

int responder_lives(void)
{
    return responder != 0;
}

int responder_ended(long id)
{
    if (responder == 0 || id != responder)
        return 0;
    responder = 0;
    return 1;
}
