/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif
#include "heal.h"

#include "remove_at_exit.h"
#include "sockets/open.h"
#include "try_open.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef POLLRDHUP
#define POLLRDHUP 0 /* shutdown(SHUT_RD) of a unix socket is seen when the server has ended */
#endif

/* One that listens, or is a unix socket. */
struct healed {
    const struct passed_socket *socket;
    struct sockaddr_storage address;
    socklen_t size;
    int nonblocking, listens;
    int is_polled;    /* no more when it has been healed, until a process ends: a server that
                       * does it again and again must not keep us busy */
    const char *path; /* that was made for it; NULL: none, or not by us */
    char *spare;      /* another name of the same socket, to make the path anew from */
};

static const struct options *options;
static struct healed *list;
static size_t count;

/* ---- As they were ---- */

static int listens(int fd)
{
    int value = 0;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value;
}

static const char *path_of(const struct healed *healed)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&healed->address;

    return healed->socket->spec && healed->address.ss_family == AF_UNIX && address->sun_path[0]
               ? address->sun_path
               : NULL;
}

static void remember(struct healed *healed, const struct passed_socket *socket)
{
    int mode = fcntl(socket->fd, F_GETFL);

    memset(healed, 0, sizeof *healed);
    healed->socket = socket;
    healed->nonblocking = mode >= 0 && (mode & O_NONBLOCK);
    healed->listens = listens(socket->fd);
    healed->size = sizeof healed->address;
    if (getsockname(socket->fd, (struct sockaddr *)&healed->address, &healed->size) < 0)
        healed->listens = 0;
    healed->path = path_of(healed);
    healed->is_polled = healed->listens || healed->path;
}

void heal_open(const struct sockets *sockets, const struct options *given_options)
{
    options = given_options;
    list = allocated(calloc(sockets->count + 1, sizeof *list));
    for (count = 0; count < sockets->count; count++)
        remember(&list[count], &sockets->list[count]);
}

void heal_modes(void)
{
    for (size_t i = 0; i < count; i++) {
        int fd = list[i].socket->fd, mode = fcntl(fd, F_GETFL);
        int wanted = (mode & ~O_NONBLOCK) | (list[i].nonblocking ? O_NONBLOCK : 0);
        if (mode >= 0 && mode != wanted)
            fcntl(fd, F_SETFL, wanted);
    }
}

/* ---- Shut down ---- */

/* Of a unix socket only poll(2) says it. */
static int is_shut_down(const struct healed *healed)
{
    struct pollfd entry = {.fd = healed->socket->fd, .events = POLLRDHUP};

    if (healed->listens && !listens(healed->socket->fd))
        return 1;
    return healed->address.ss_family == AF_UNIX && poll(&entry, 1, 0) > 0 &&
           (entry.revents & (POLLHUP | POLLRDHUP));
}

static void say(const struct healed *healed, const char *what, const char *outcome)
{
    char address[256];

    format_bound_address(healed->socket->fd, address, sizeof address);
    report("a server %s %s: %s", what, address, outcome);
}

/* The same socket again. A port of the system's choice was given up with the shutdown, and is
 * bound again; one of our choice was not, and bind(2) says EINVAL. */
static void listen_again(const struct healed *healed)
{
    const struct sockaddr *address = (const struct sockaddr *)&healed->address;
    int fd = healed->socket->fd;

    if ((bind(fd, address, healed->size) < 0 && errno != EINVAL) ||
        listen(fd, options->backlog) < 0)
        say(healed, "shut down", strerror(errno));
    else
        say(healed, "shut down", "it listens again");
}

/* ---- Opened anew ---- */

/* Under the old number, close-on-exec as that. */
static int replace(const struct healed *healed, int new)
{
    int old = healed->socket->fd, done = new >= 0 && dup2(new, old) == old;

    if (done)
        fcntl(old, F_SETFD, FD_CLOEXEC);
    if (new >= 0 && new != old)
        close(new);
    return done;
}

/* The path is free, or holds a socket that we made. */
static const char *open_anew(struct healed *healed, const char *what)
{
    if (healed->path && is_still_there(healed->path))
        unlink(healed->path);
    if (!replace(healed, try_open_spec(healed->socket->spec, options))) {
        say(healed, what, strerror(errno));
        return NULL;
    }
    say(healed, what, "it was opened anew");
    return "the server that runs has the old socket";
}

static const char *heal_shutdown(struct healed *healed)
{
    healed->is_polled = 0;
    if (healed->address.ss_family != AF_UNIX) {
        listen_again(healed);
        return NULL;
    }
    if (healed->socket->spec)
        return open_anew(healed, "shut down");
    say(healed, "shut down", "who opened it has to open it anew");
    return NULL;
}

/* ---- Unlinked ---- */

/* A server that unlinks the path when it ends will do so again, and the one that runs then has
 * no other socket: so from the first time on, the socket has a second name, in the same folder
 * (link(2) goes no further than the file system). */
static void make_spare(struct healed *healed)
{
    const char *slash = strrchr(healed->path, '/');
    int folder = slash ? (int)(slash - healed->path) + 1 : 0;
    char spare[sizeof(struct sockaddr_un) + 64];

    snprintf(spare, sizeof spare, "%.*s.%s.%ld", folder, healed->path, healed->path + folder,
             (long)getpid());
    if (link(healed->path, spare) < 0)
        return;
    remove_at_exit(spare);
    healed->spare = strdup(spare);
}

static const char *heal_unlinked(struct healed *healed)
{
    const char *reason;

    if (healed->spare && is_still_there(healed->spare) && link(healed->spare, healed->path) == 0) {
        say(healed, "unlinked", "it is there again");
        return NULL;
    }
    reason = open_anew(healed, "unlinked");
    if (reason) {
        free(healed->spare);
        healed->spare = NULL;
        make_spare(healed);
    }
    return reason;
}

/* ---- Looking ---- */

size_t heal_poll(struct pollfd *entries)
{
    size_t polled = 0;

    for (size_t i = 0; i < count && polled < MAX_HEALED; i++)
        if (list[i].is_polled)
            entries[polled++] = (struct pollfd){.fd = list[i].socket->fd, .events = POLLRDHUP};
    return polled;
}

static const char *heal_all(void)
{
    const char *reason = NULL, *found;

    for (size_t i = 0; i < count; i++)
        if (is_shut_down(&list[i]) && (found = heal_shutdown(&list[i])) != NULL)
            reason = found;
    return reason;
}

const char *heal_polled(const struct pollfd *entries, size_t polled)
{
    for (size_t i = 0; i < polled; i++)
        if (entries[i].revents)
            return heal_all();
    return NULL;
}

const char *heal_after_end(void)
{
    const char *reason = heal_all(), *found;

    for (size_t i = 0; i < count; i++) {
        list[i].is_polled = list[i].listens || list[i].path;
        if (list[i].path && is_missing(list[i].path) && (found = heal_unlinked(&list[i])) != NULL)
            reason = found;
    }
    return reason;
}
