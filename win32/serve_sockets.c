/* SPDX-License-Identifier: MIT */
#include "serve_sockets.h"

#include "socket_server.h"
#include "wide.h"

#include <stdlib.h>

static struct server server;
static wchar_t *names; /* for LISTEN_FDNAMES; NULL: no socket has a name */

void serve_sockets(const struct sockets *sockets)
{
    if (sockets->count == 0)
        return;
    server_start(&server, sockets);
    if (sockets->named) {
        char *text = sockets_names(sockets);
        names = to_wide(text);
        free(text);
    }
}

/* listenfd_from_env has already removed the variables that systemfd was started with. */
void set_server_variables(void)
{
    if (!server.sockets)
        return;
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SERVER", server.address);
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SECRET", server.secret);
    SetEnvironmentVariableW(L"LISTEN_FDNAMES", names);
}

void remove_server_variables(void)
{
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SERVER", NULL);
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SECRET", NULL);
    SetEnvironmentVariableA("LISTEN_FDNAMES", NULL);
}
