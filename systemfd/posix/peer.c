/* SPDX-License-Identifier: MIT */
#include "page/peer.h"

#include "socket_owner.h"

#include <unistd.h>

int peer_is_same_user(listenfd_socket connection)
{
    struct socket_owner owner;

    return find_peer_socket(connection, &owner) && owner.user == geteuid();
}
