/* SPDX-License-Identifier: MIT
 * Queries the kernel's table of sockets over netlink (sock_diag(7), Linux 3.3 and later). Unlike in
 * /proc/net, a socket's name cannot forge an entry. */
#ifndef SYSTEMFD_SOCK_DIAG_H
#define SYSTEMFD_SOCK_DIAG_H

#include <stddef.h>

/* Looks at the message about one socket; returns whether that is the one to be found. */
typedef int sock_diag_look(const void *message, size_t size, void *context);

enum sock_diag_scope { SOCK_DIAG_ONE, SOCK_DIAG_ALL };

/* Sends a request of linux/inet_diag.h or linux/unix_diag.h, and calls `look` for each socket in
 * the answer. Returns whether the socket was found; 0 also if the kernel does not answer. Never
 * waits. */
int sock_diag_find(const void *request, size_t size, enum sock_diag_scope scope,
                   sock_diag_look *look, void *context);

#endif
