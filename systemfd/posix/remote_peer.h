/* SPDX-License-Identifier: MIT
 * The client at the other end of a connection. */
#ifndef SYSTEMFD_REMOTE_PEER_H
#define SYSTEMFD_REMOTE_PEER_H

#include <stddef.h>

enum { PEER_SIZE = 320 };

/* Writes its address, "127.0.0.1:4711", or "a client of /run/x.sock" if it has none of its own. */
void describe_peer(int connection, int listener, char *text, size_t size);

/* Sets REMOTE_ADDR and REMOTE_PORT as systemd.socket(5) says. For a unix socket it sets REMOTE_ADDR
 * only, like systemd 254, and only if the client has bound an address. Removes earlier values. */
void set_remote_variables(int connection);

#endif
