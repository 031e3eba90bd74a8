/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct ucred, mkdtemp */
#endif
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- Its name ---- */

#ifdef __linux__
/* The kernel chooses one that is free (unix(7), autobind): nobody can have taken it before, and
 * nothing is left in the file system. With what comes, it is to say who sent it. */
static int bind_somewhere(struct notify *notify)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof address.sun_family;
    const int on = 1;

    if (setsockopt(notify->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
        bind(notify->fd, (struct sockaddr *)&address, size) < 0)
        return -1;
    size = sizeof address;
    if (getsockname(notify->fd, (struct sockaddr *)&address, &size) < 0)
        return -1;
    snprintf(notify->name, sizeof notify->name, "@%.*s",
             (int)(size - offsetof(struct sockaddr_un, sun_path)) - 1, address.sun_path + 1);
    return 0;
}

static void remove_name(const struct notify *notify)
{
    (void)notify;
}
#else
/* In a folder that only this user can enter. */
static int bind_somewhere(struct notify *notify)
{
    const char *folder = getenv("TMPDIR");
    struct sockaddr_un address;
    size_t length;

    snprintf(notify->name, sizeof notify->name, "%.60s/systemfd-XXXXXX", folder ? folder : "/tmp");
    if (!mkdtemp(notify->name)) {
        *notify->name = '\0';
        return -1;
    }
    strcat(notify->name, "/notify");
    length = strlen(notify->name);
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, notify->name, length);
    return bind(notify->fd, (struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

static void remove_name(const struct notify *notify)
{
    char folder[sizeof notify->name];

    if (*notify->name == '\0')
        return;
    strcpy(folder, notify->name);
    unlink(folder);
    *strrchr(folder, '/') = '\0';
    rmdir(folder);
}
#endif

static void warn(int error)
{
    static int warned;

    if (!warned)
        report("there can be no socket for READY=1 (sd_notify): %s", strerror(error));
    warned = 1;
}

struct notify *notify_open(void)
{
    struct notify *notify = calloc(1, sizeof *notify);

    if (!notify) {
        warn(errno);
        return NULL;
    }
    notify->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (notify->fd >= 0 && fcntl(notify->fd, F_SETFD, FD_CLOEXEC) == 0 &&
        bind_somewhere(notify) == 0)
        return notify;
    warn(errno);
    notify_close(notify);
    return NULL;
}

void notify_close(struct notify *notify)
{
    if (!notify)
        return;
    if (notify->fd >= 0)
        close(notify->fd);
    remove_name(notify);
    free(notify);
}

/* ---- What comes ---- */

#ifdef __linux__
/* One of the server's own processes may be another user's by now. */
static int is_trusted(struct msghdr *message, pid_t group)
{
    const struct cmsghdr *header = CMSG_FIRSTHDR(message);
    struct ucred sender;

    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_CREDENTIALS)
        return 0;
    memcpy(&sender, CMSG_DATA(header), sizeof sender);
    return sender.uid == geteuid() || sender.uid == 0 || getpgid(sender.pid) == group;
}

/* Any user can find the socket. There is room for who sent it, and none for descriptors. */
static ssize_t receive(int fd, char *text, size_t size, pid_t group)
{
    union {
        struct cmsghdr header; /* for its alignment */
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } sender;
    struct iovec part = {text, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = sender.bytes,
                             .msg_controllen = sizeof sender.bytes};
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);

    if (length >= 0 && ((message.msg_flags & MSG_TRUNC) || !is_trusted(&message, group)))
        return 0; /* of one that is cut, the end may say something else */
    return length;
}
#else
static ssize_t receive(int fd, char *text, size_t size, pid_t group)
{
    (void)group;
    return recv(fd, text, size, MSG_DONTWAIT);
}
#endif

void notify_read(const struct notify *notify, pid_t group, struct said *said)
{
    enum { MOST_AT_ONCE = 64 }; /* who never stops talking must not stop us */
    char message[4096];
    ssize_t length;

    for (int i = 0; i < MOST_AT_ONCE; i++) {
        length = receive(notify->fd, message, sizeof message - 1, group);
        if (length < 0)
            return;
        message[length] = '\0';
        said_add(said, message, (size_t)length);
    }
}
