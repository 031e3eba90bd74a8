/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct ucred */
#endif
#include "notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/* With what comes, the kernel is to say who sent it (unix(7)). Other systems protect the file. */
static int ask_for_senders(int fd)
{
#ifdef __linux__
    const int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
#else
    return fchmod(fd, 0600);
#endif
}

static int bind_to_name(const struct notify *notify)
{
    struct sockaddr_un address;
    size_t length = strlen(notify->name);

    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, notify->name, length);
    if (*notify->name == '@')
        address.sun_path[0] = '\0';
    return bind(notify->fd, (struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

struct notify *notify_open(void)
{
    struct notify *notify = calloc(1, sizeof *notify);

    if (!notify)
        return NULL;
    choose_name(notify);
    notify->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (notify->fd >= 0 && fcntl(notify->fd, F_SETFD, FD_CLOEXEC) == 0 &&
        ask_for_senders(notify->fd) == 0 && bind_to_name(notify) == 0)
        return notify;
    notify_close(notify);
    return NULL;
}

/* A message is lines of NAME=VALUE. */
static int says_ready(const char *message)
{
    const char *found = strstr(message, "READY=1");

    return found && (found == message || found[-1] == '\n') &&
           (found[7] == '\0' || found[7] == '\n');
}

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

    return length < 0 || is_trusted(&message, group) ? length : 0;
}
#else
static ssize_t receive(int fd, char *text, size_t size, pid_t group)
{
    (void)group;
    return recv(fd, text, size, MSG_DONTWAIT);
}
#endif

int notify_read(const struct notify *notify, pid_t group)
{
    char message[4096];
    ssize_t length;
    int ready = 0;

    while ((length = receive(notify->fd, message, sizeof message - 1, group)) >= 0) {
        message[length] = '\0';
        ready |= says_ready(message);
    }
    return ready;
}

void notify_close(struct notify *notify)
{
    if (!notify)
        return;
    if (notify->fd >= 0)
        close(notify->fd);
    if (*notify->name == '/')
        unlink(notify->name);
    free(notify);
}
