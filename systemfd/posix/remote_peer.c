/* SPDX-License-Identifier: MIT */
#include "remote_peer.h"

#include "address_text.h"
#include "sockets/open.h"
#include "variables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns 0 when the client has no address, or has gone. */
static int find_address(int connection, struct sockaddr_storage *address)
{
    socklen_t size = sizeof *address;

    memset(address, 0, sizeof *address);
    if (getpeername(connection, (struct sockaddr *)address, &size) < 0)
        return 0;
    return address->ss_family != AF_UNIX || size > sizeof address->ss_family;
}

void describe_peer(int connection, int listener, char *text, size_t size)
{
    struct sockaddr_storage address;
    char name[256];

    if (find_address(connection, &address)) {
        format_address(&address, text, size);
        return;
    }
    format_bound_address(listener, name, sizeof name);
    snprintf(text, size, "a client of %s", name);
}

void set_remote_variables(int connection)
{
    struct sockaddr_storage address;
    char text[256];

    unsetenv("REMOTE_ADDR");
    unsetenv("REMOTE_PORT");
    if (!find_address(connection, &address))
        return;
    if (address.ss_family == AF_UNIX) {
        format_address(&address, text, sizeof text);
        set_variable("REMOTE_ADDR", text);
        return;
    }
    format_host(&address, text, sizeof text);
    set_variable("REMOTE_ADDR", text);
    set_number("REMOTE_PORT", port_of_address(&address));
}
