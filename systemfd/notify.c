/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Abstract on Linux, so that nothing is left in the file system; elsewhere a file. */
static void choose_name(struct notify *notify)
{
    static unsigned number;
#ifdef __linux__
    snprintf(notify->name, sizeof notify->name, "@systemfd/%ld/%u", (long)getpid(), ++number);
#else
    const char *folder = getenv("TMPDIR");
    snprintf(notify->name, sizeof notify->name, "%.60s/systemfd-%ld-%u", folder ? folder : "/tmp",
             (long)getpid(), ++number);
#endif
}

void notify_open(struct notify *notify)
{
    struct sockaddr_un address;
    size_t length;

    choose_name(notify);
    length = strlen(notify->name);
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, notify->name, length);
    if (*notify->name == '@')
        address.sun_path[0] = '\0';
    notify->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (notify->fd < 0)
        return;
    fcntl(notify->fd, F_SETFD, FD_CLOEXEC);
    if (bind(notify->fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
        notify_close(notify);
}

/* A message is lines of NAME=VALUE. */
static int says_ready(const char *message)
{
    const char *found = strstr(message, "READY=1");

    return found && (found == message || found[-1] == '\n') &&
           (found[7] == '\0' || found[7] == '\n');
}

int notify_read(const struct notify *notify)
{
    char message[4096];
    ssize_t length;
    int ready = 0;

    while ((length = recv(notify->fd, message, sizeof message - 1, MSG_DONTWAIT)) >= 0) {
        message[length] = '\0';
        ready |= says_ready(message);
    }
    return ready;
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    if (*notify->name == '/')
        unlink(notify->name);
    notify->fd = -1;
}
