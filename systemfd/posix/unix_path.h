/* SPDX-License-Identifier: MIT
 * What is already at a unix socket's path. */
#ifndef SYSTEMFD_UNIX_PATH_H
#define SYSTEMFD_UNIX_PATH_H

#include <sys/socket.h>
#include <sys/un.h>

/* Unlinks the path if it is a socket and nobody answers on it; 1 when it did. Anything else
 * stays as it is. */
int unix_path_remove_dead(const struct sockaddr_un *address, socklen_t size, int type);

#endif
