/* SPDX-License-Identifier: MIT
 * Finds the user that a socket of this machine belongs to. */
#ifndef SYSTEMFD_SOCKET_OWNER_H
#define SYSTEMFD_SOCKET_OWNER_H

#include "sockets/spec.h"

#include <sys/types.h>

#define NO_USER ((uid_t)-1) /* unknown */

struct socket_owner {
    unsigned long inode; /* as in /proc/PID/fd: "socket:[inode]" */
    uid_t user;
};

/* Finds the socket that occupies this address: for TCP a listening or merely bound one, for UDP and
 * unix a bound one. Returns 0 when it finds none, as always on systems other than Linux. */
int find_bound_socket(const struct spec *spec, struct socket_owner *owner);

/* Finds the other end of a TCP connection, if it is on this machine and still open. Returns 0
 * otherwise. */
int find_peer_socket(int connection, struct socket_owner *owner);

#endif
