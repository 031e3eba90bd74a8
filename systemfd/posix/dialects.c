/* SPDX-License-Identifier: MIT */
#include "dialects.h"

#include "exec_command.h"
#include "sockets/open.h"
#include "variables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ENTRY_SIZE = 320 }; /* enough for an address as text and a number */

static char *allocate_list(const struct sockets *sockets)
{
    char *list = allocated(malloc(sockets->count * ENTRY_SIZE + 1));

    *list = '\0';
    return list;
}

/* "127.0.0.1:5000=3;/run/x.sock=4" */
void export_start_server(const struct sockets *sockets, unsigned generation)
{
    char *list = allocate_list(sockets), *end = list;

    for (size_t i = 0; i < sockets->count; i++) {
        char address[256];
        format_bound_address(sockets->list[i].fd, address, sizeof address);
        end += snprintf(end, ENTRY_SIZE, "%s%s=%d", i > 0 ? ";" : "", address,
                        socket_number(sockets, i, FIRST_FD));
    }
    set_variable("SERVER_STARTER_PORT", list);
    set_number("SERVER_STARTER_GENERATION", generation);
    free(list);
}

static const char *family_name(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    memset(&address, 0, sizeof address);
    getsockname(fd, (struct sockaddr *)&address, &size);
    return address.ss_family == AF_UNIX    ? "AF_UNIX"
           : address.ss_family == AF_INET6 ? "AF_INET6"
                                           : "AF_INET";
}

/* An einhorn worker ignores the variables unless EINHORN_MASTER_PID is its parent. */
void export_einhorn(const struct sockets *sockets)
{
    char *list = allocate_list(sockets), *end = list;

    for (size_t i = 0; i < sockets->count; i++) {
        int number = socket_number(sockets, i, FIRST_FD);
        char name[40];
        snprintf(name, sizeof name, "EINHORN_FD_%zu", i);
        set_number(name, (unsigned long long)number);
        snprintf(name, sizeof name, "EINHORN_FD_FAMILY_%zu", i);
        set_variable(name, family_name(sockets->list[i].fd));
        end += snprintf(end, ENTRY_SIZE, "%s%d", i > 0 ? " " : "", number);
    }
    set_number("EINHORN_FD_COUNT", sockets->count);
    set_variable("EINHORN_FDS", list);
    set_number("EINHORN_MASTER_PID", (unsigned long long)getppid());
    free(list);
}
