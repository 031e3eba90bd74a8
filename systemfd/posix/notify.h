/* SPDX-License-Identifier: MIT
 * The socket on which servers say READY=1 (sd_notify(3)). */
#ifndef SYSTEMFD_NOTIFY_H
#define SYSTEMFD_NOTIFY_H

#include "devserver/child.h"

#include <sys/types.h>

struct notify {
    int fd;
    char name[108];   /* for NOTIFY_SOCKET */
    struct said said; /* what was read, until child_hear takes it */
};

/* Opens a socket for one server. Each server has its own, so that a late message of an old one does
 * not count for a new one. notify_close closes it. Returns NULL on failure, reported once. */
struct notify *notify_open(void);

/* Reads what has arrived: adds it to *said, and passes descriptors to the store
 * (descriptor_store.h). On Linux, messages count only from the same user, from root, or from the
 * server's process group; elsewhere only this user can find the socket. */
void notify_read(const struct notify *notify, pid_t group, struct said *said);

/* Closes the socket, removes its name and frees *notify. NULL does nothing. */
void notify_close(struct notify *notify);

#endif
