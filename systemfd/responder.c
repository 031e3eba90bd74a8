/* SPDX-License-Identifier: MIT */
#include "responder.h"

#include "error_page.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_LISTENERS = 16, PATIENCE_S = 5, REQUEST_SIZE = 16384 };

struct responses {
    char *html, *plain;
    size_t html_length, plain_length;
};

static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

static int http_listeners(const struct sockets *sockets, struct pollfd *listeners)
{
    int count = 0;

    for (size_t i = 0; i < sockets->count && count < MAX_LISTENERS; i++) {
        const struct spec *spec = sockets->list[i].spec;
        if (spec && spec->type->scheme && strcmp(spec->type->scheme, "http") == 0) {
            listeners[count].fd = sockets->list[i].fd;
            listeners[count++].events = POLLIN;
        }
    }
    return count;
}

static void read_request(int client, char *request)
{
    size_t length = 0;
    ssize_t got;

    *request = '\0';
    while (length < REQUEST_SIZE - 1 && !strstr(request, "\r\n\r\n")) {
        got = recv(client, request + length, REQUEST_SIZE - 1 - length, 0);
        if (got <= 0)
            return;
        length += (size_t)got;
        request[length] = '\0';
    }
}

static void write_response(int client, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(client, text, length, 0);
        if (sent <= 0)
            return;
        text += sent;
        length -= (size_t)sent;
    }
}

/* Closing with bytes unread would reset the connection, and with it our answer. */
static void close_gently(int client)
{
    char rest[4096];

    shutdown(client, SHUT_WR);
    for (int i = 0; i < 256 && recv(client, rest, sizeof rest, 0) > 0; i++) {
    }
    close(client);
}

/* Browsers ask for HTML by name; curl and most programs take anything. */
static void answer(int client, const struct responses *responses)
{
    char request[REQUEST_SIZE];

    fcntl(client, F_SETFL, 0); /* on BSD it has the mode of the listener */
    read_request(client, request);
    if (strstr(request, "text/html"))
        write_response(client, responses->html, responses->html_length);
    else
        write_response(client, responses->plain, responses->plain_length);
    close_gently(client);
}

/* One process a client, so that a silent one keeps nobody waiting but itself. */
static void answer_aside(int client, const struct responses *responses)
{
    if (client < 0)
        return;
    if (fork_child() == 0) {
        signal(SIGPIPE, SIG_IGN);
        alarm(PATIENCE_S);
        answer(client, responses);
        _exit(0);
    }
    close(client);
}

/* The signal may arrive just before accept(2), which then waits on: whoever sends it sends
 * it again until this process has ended. */
static void serve(struct pollfd *listeners, int count, const struct responses *responses)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = stop; /* no SA_RESTART: accept and poll are to be interrupted */
    sigaction(SIGTERM, &action, NULL);
    while (!stopping && poll(listeners, (nfds_t)count, -1) > 0) {
        for (int i = 0; i < count && !stopping; i++)
            if (listeners[i].revents)
                answer_aside(accept(listeners[i].fd, NULL, NULL), responses);
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
    while (wait(NULL) > 0 || errno == EINTR) { /* for the answers in hand */
    }
}

pid_t responder_start(const struct sockets *sockets, const char *title, const struct tail *tail)
{
    struct pollfd listeners[MAX_LISTENERS];
    struct responses responses;
    int count = http_listeners(sockets, listeners);
    pid_t pid = count > 0 ? fork_child() : 0;

    if (count == 0 || pid > 0)
        return pid;
    responses.html = error_page(title, tail->text, tail->length, 1, &responses.html_length);
    responses.plain = error_page(title, tail->text, tail->length, 0, &responses.plain_length);
    serve(listeners, count, &responses);
    _exit(0);
}
