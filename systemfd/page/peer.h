/* SPDX-License-Identifier: MIT
 * Who is at the other end of a connection. */
#ifndef SYSTEMFD_PEER_H
#define SYSTEMFD_PEER_H

#include "listenfd.h"

/* Does the system say that it is a process of this machine, and of the user who runs systemfd? On
 * Linux (sock_diag(7)) and Windows (GetExtendedTcpTable); elsewhere it never says so. */
int peer_is_same_user(listenfd_socket connection);

#endif
