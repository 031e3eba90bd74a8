/* SPDX-License-Identifier: MIT */
#include "made_paths.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct stat *made; /* one for each socket; not a socket's where there is no file */

/* NULL: no file is behind the socket, or not one of ours. */
static const char *path_of(const struct passed_socket *socket)
{
    const struct sockaddr_un *address;

    if (!socket->spec || socket->spec->type->family != AF_UNIX)
        return NULL;
    address = (const struct sockaddr_un *)&socket->spec->address;
    return address->sun_path[0] ? address->sun_path : NULL;
}

void made_paths_remember(const struct sockets *sockets)
{
    made = calloc(sockets->count + 1, sizeof *made);
    if (!made)
        die(EXIT_CANNOT_OPEN, "out of memory");
    for (size_t i = 0; i < sockets->count; i++) {
        const char *path = path_of(&sockets->list[i]);
        if (path)
            lstat(path, &made[i]);
    }
}

void made_paths_remove(const struct sockets *sockets)
{
    struct stat now;

    for (size_t i = 0; i < sockets->count; i++) {
        const char *path = path_of(&sockets->list[i]);
        if (path && S_ISSOCK(made[i].st_mode) && lstat(path, &now) == 0 &&
            now.st_dev == made[i].st_dev && now.st_ino == made[i].st_ino)
            unlink(path);
    }
}
