/* SPDX-License-Identifier: MIT
 * Which user a socket of this machine belongs to. */
#ifndef SYSTEMFD_SOCKET_OWNER_H
#define SYSTEMFD_SOCKET_OWNER_H

#include "sockets/spec.h"

#include <sys/types.h>

#define NO_USER ((uid_t)-1) /* not told */

struct socket_owner {
    unsigned long inode; /* as in /proc/PID/fd: "socket:[inode]" */
    uid_t user;
};

/* Of the socket that is in the way of this address: TCP, listening or only bound; UDP or unix,
 * bound. Returns 0 when none is known, as on systems other than Linux. */
int find_bound_socket(const struct spec *spec, struct socket_owner *owner);

/* Of the one at the other end of a TCP connection, if that is on this machine and open. */
int find_peer_socket(int connection, struct socket_owner *owner);

#endif
