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
#define POLLRDHUP 0 /* then shutdown(SHUT_RD) of a unix socket is seen when the server ends */
#endif

/* A passed socket, and how it was at the start. */
struct healed {
    const struct passed_socket *socket;
    struct sockaddr_storage address;
    socklen_t size;
    int nonblocking, listens;
    int is_polled; /* 0 from a repair until a process ends, so that a server that shuts the socket
                    * down again and again does not keep us busy */
    const char *path; /* the path that we made for it, or NULL */
    char *spare;      /* a second name of its file, from which the path can be restored, or NULL */
};

static const struct options *options;
static struct healed *list;
static size_t count;

/* ---- The state at the start ---- */

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

/* A unix socket keeps SO_ACCEPTCONN; only poll(2) shows that it was shut down. */
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

/* Makes the same socket listen again. If the system chose the port, the shutdown has released it,
 * and it is bound again; if we chose it, it is still bound, and bind(2) fails with EINVAL. */
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

/* Moves the new socket to the old number, close-on-exec like the old one. */
static int replace(const struct healed *healed, int new)
{
    int old = healed->socket->fd, done = new >= 0 && dup2(new, old) == old;

    if (done)
        fcntl(old, F_SETFD, FD_CLOEXEC);
    if (new >= 0 && new != old)
        close(new);
    return done;
}

/* Unlinks the path only if the socket that we made is there. */
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

/* A server that unlinks the path when it ends will do so again, and the server that runs then would
 * need a new socket. So after the first time the socket gets a second name, in the same folder
 * because link(2) does not cross file systems. */
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
