/* SPDX-License-Identifier: MIT */
#include "unix_path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Connecting is refused only where a file has no socket behind it: another type of socket
 * is EPROTOTYPE, a full backlog EAGAIN (unix(7)). */
static int is_dead(const struct sockaddr_un *address, socklen_t size, int type)
{
    int probe = socket(AF_UNIX, type, 0), dead;

    if (probe < 0)
        return 0;
    fcntl(probe, F_SETFL, O_NONBLOCK);
    dead = connect(probe, (const struct sockaddr *)address, size) < 0 && errno == ECONNREFUSED;
    close(probe);
    return dead;
}

int unix_path_remove_dead(const struct sockaddr_un *address, socklen_t size, int type)
{
    struct stat before, after;

    if (address->sun_path[0] == '\0' || lstat(address->sun_path, &before) < 0 ||
        !S_ISSOCK(before.st_mode))
        return 0;
    if (!is_dead(address, size, type) || lstat(address->sun_path, &after) < 0)
        return 0;
    /* The same file before and after: a server that started meanwhile keeps its own. */
    if (before.st_dev != after.st_dev || before.st_ino != after.st_ino)
        return 0;
    return unlink(address->sun_path) == 0;
}
