/* SPDX-License-Identifier: MIT */
#include "sockets/was_stored.h"

#include "service_manager.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int get_option(int fd, int option)
{
    int value = 0;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

/* Accept=yes passes a connected socket, too, always named "connection". */
static int is_no_listener(int fd, const char *name)
{
    int type = get_option(fd, SO_TYPE);

    return (type == SOCK_STREAM || type == SOCK_SEQPACKET) && get_option(fd, SO_ACCEPTCONN) == 0 &&
           strcmp(name, "connection") != 0;
}

/* Does the manager, our parent, run as another user? If /proc hides it, it does (hidepid=). */
static int manager_is_another_user(void)
{
    char path[32];
    struct stat own, managers;

    snprintf(path, sizeof path, "/proc/%ld", (long)getppid());
    return getppid() > 0 && stat("/proc/self", &own) == 0 &&
           (stat(path, &managers) < 0 || managers.st_uid != own.st_uid);
}

/* Then the manager has not opened a socket that belongs to our user: on Linux it belongs to the one
 * who has. */
static int is_own(const struct stat *status)
{
    return status->st_uid == geteuid() && manager_is_another_user();
}

/* ListenFIFO= and ListenSpecial= open files that have a name. A memfd has none, and eventfd(2) and
 * the like have no file type. */
static int has_no_name(const struct stat *status)
{
    return (S_ISREG(status->st_mode) && status->st_nlink == 0) || (status->st_mode & S_IFMT) == 0;
}

int was_stored(listenfd_socket fd, const char *name)
{
    struct stat status;

    if (!service_manager_is_there() || fstat(fd, &status) < 0)
        return 0;
    if (S_ISSOCK(status.st_mode))
        return is_no_listener(fd, name) || is_own(&status);
    return has_no_name(&status);
}
