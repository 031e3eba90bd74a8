/* SPDX-License-Identifier: MIT */
#include "suitable.h"

#include "open.h"

#include <errno.h>
#include <string.h>

static void want_socket(const struct sockets *sockets, const char *option, const char *purpose)
{
    if (sockets->count == 0)
        die(EXIT_USAGE, "--%s wants a socket %s; open one with -s, as in -s http::5000", option,
            purpose);
}

/* Server::Starter splits its variable at ';' and '='. */
static void check_for_start_server(const struct passed_socket *socket)
{
    char address[256];

    format_bound_address(socket->fd, address, sizeof address);
    if (*address == '@' || address[strcspn(address, ";=")] != '\0')
        die(EXIT_USAGE,
            "--export start_server cannot tell of %s: SERVER_STARTER_PORT has no abstract names, "
            "and "
            "no ';' or '=' in a path",
            address);
}

static void check_accepts(const struct passed_socket *socket)
{
    char address[256];
    int listens = 0;
    socklen_t size = sizeof listens;

    format_bound_address(socket->fd, address, sizeof address);
    if (getsockopt(socket->fd, SOL_SOCKET, SO_ACCEPTCONN, (void *)&listens, &size) < 0)
        die(EXIT_CANNOT_OPEN, "cannot tell whether %s is a listener: %s", address, strerror(errno));
    if (!listens)
        die(EXIT_USAGE,
            "--accept wants listeners, and %s is none: datagrams come without a connection; leave "
            "out --accept, and the command gets the socket itself",
            address);
}

static void want_few(const struct sockets *sockets, const char *option)
{
    if (sockets->count > MAX_POLLED_SOCKETS)
        die(EXIT_USAGE, "--%s takes no more than %d sockets", option, MAX_POLLED_SOCKETS);
}

static void check_accept(const struct sockets *sockets)
{
    want_socket(sockets, "accept", "to listen on");
    want_few(sockets, "accept");
    for (size_t i = 0; i < sockets->count; i++)
        check_accepts(&sockets->list[i]);
}

void sockets_check(const struct sockets *sockets, const struct options *options)
{
    if (options->at_stdin)
        want_socket(sockets, "stdin", "to pass");
    if (options->inetd && !options->accept_max && sockets->count != 1)
        die(EXIT_USAGE, "--inetd passes one socket, and there are %lu; --accept takes more",
            (unsigned long)sockets->count);
    if (options->accept_max)
        check_accept(sockets);
    if (options->lazy) {
        want_socket(sockets, "lazy", "to wait at");
        want_few(sockets, "lazy");
    }
    for (size_t i = 0; options->export_start_server && i < sockets->count; i++)
        check_for_start_server(&sockets->list[i]);
}
