/* SPDX-License-Identifier: MIT
 * The kernel's table of sockets, asked by netlink (sock_diag(7), Linux 3.3 and later). Other than
 * in /proc/net, a socket's name cannot forge a line of it. */
#ifndef SYSTEMFD_SOCK_DIAG_H
#define SYSTEMFD_SOCK_DIAG_H

#include <stddef.h>

/* Looks at the bytes of one socket's message; returns whether it is the one that was looked for. */
typedef int sock_diag_look(const void *message, size_t size, void *context);

enum sock_diag_scope { SOCK_DIAG_ONE, SOCK_DIAG_ALL };

/* Sends a request, as linux/inet_diag.h and linux/unix_diag.h define it, and has each answer looked
 * at. Returns whether one was found; where the kernel does not answer, none is. Never waits. */
int sock_diag_find(const void *request, size_t size, enum sock_diag_scope scope,
                   sock_diag_look *look, void *context);

#endif
