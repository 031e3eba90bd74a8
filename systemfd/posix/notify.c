/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mkdtemp */
#endif
#include "notify.h"

#include "message.h"
#include "store_request.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- Its name ---- */

#ifdef __linux__
/* Lets the kernel choose a free name (autobind, unix(7)): no process can have taken it before, and
 * nothing is left in the file system. With each message, the kernel will name the sender. */
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
/* Binds the socket in a new folder that only this user can enter. */
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
/* Any user can send to the socket. The server's own processes may have become another user. */
static int is_trusted(const struct message *message, pid_t group)
{
    return message->process > 0 &&
           (message->user == geteuid() || message->user == 0 || getpgid(message->process) == group);
}
#else
static int is_trusted(const struct message *message, pid_t group)
{
    (void)message;
    (void)group;
    return 1;
}
#endif

/* Ignores text that was cut, as its end might have said something else. */
static void hear(struct message *message, pid_t group, struct said *said)
{
    if (message->text_is_cut || !is_trusted(message, group) ||
        !said_is_text(message->text, message->length))
        return;
    said_add(said, message->text, message->length);
    store_requested(message);
}

/* All that a server sent before it ended is read in one call. That may be a whole queue: 512
 * messages where systemd has raised net.unix.max_dgram_qlen. */
void notify_read(const struct notify *notify, pid_t group, struct said *said)
{
    enum { MOST_AT_ONCE = 1024 }; /* a server that never stops talking must not stop us */
    struct message message;

    for (int i = 0; i < MOST_AT_ONCE && message_receive(notify->fd, &message); i++) {
        hear(&message, group, said);
        message_close(&message);
    }
}
