/* SPDX-License-Identifier: MIT
 * Where servers that speak sd_notify(3) say READY=1. */
#ifndef SYSTEMFD_NOTIFY_H
#define SYSTEMFD_NOTIFY_H

#include <stddef.h>
#include <sys/types.h>

struct notify {
    int fd;
    char name[108]; /* for NOTIFY_SOCKET */
};

/* One for each server: a late word of an old one must not count for a new one. For notify_close;
 * NULL: there can be none. */
struct notify *notify_open(void);

/* Reads what has come; 1 when it says READY=1. On Linux that counts only from the same user, from
 * root, or from the server's process group. */
int notify_read(const struct notify *notify, pid_t group);

/* NULL is none. */
void notify_close(struct notify *notify);

#endif
