/* SPDX-License-Identifier: MIT */
#include "suitable.h"

#include "open.h"

#include <string.h>

static void want_socket(const struct sockets *sockets, const char *option, const char *purpose)
{
    if (sockets->count == 0)
        die(EXIT_USAGE, "--%s wants a socket %s; open one with -s, as in -s http::5000", option,
            purpose);
}

/* Server::Starter splits at these. */
static void check_for_start_server(const struct passed_socket *socket)
{
    char address[256];

    format_bound_address(socket->fd, address, sizeof address);
    if (*address == '@' || strpbrk(address, ";="))
        die(EXIT_USAGE,
            "--export start_server cannot tell of %s: SERVER_STARTER_PORT has no abstract names, "
            "and "
            "no ';' or '=' in a path",
            address);
}

void sockets_check(const struct sockets *sockets, const struct options *options)
{
    if (options->at_stdin)
        want_socket(sockets, "stdin", "to pass");
    for (size_t i = 0; options->export_start_server && i < sockets->count; i++)
        check_for_start_server(&sockets->list[i]);
}
