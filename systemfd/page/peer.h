/* SPDX-License-Identifier: MIT
 * The user at the other end of a connection. */
#ifndef SYSTEMFD_PEER_H
#define SYSTEMFD_PEER_H

#include "listenfd.h"

/* Does the system say that the other end is a process on this machine, of the user who runs
 * systemfd? Linux (sock_diag(7)) and Windows (GetExtendedTcpTable) can say so; other systems never
 * do. */
int peer_is_same_user(listenfd_socket connection);

#endif
