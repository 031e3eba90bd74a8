/* SPDX-License-Identifier: MIT
 * Who a connection is from. */
#ifndef SYSTEMFD_REMOTE_PEER_H
#define SYSTEMFD_REMOTE_PEER_H

#include <stddef.h>

enum { PEER_SIZE = 320 };

/* "127.0.0.1:4711"; "a client of /run/x.sock", if it has no address of its own. */
void describe_peer(int connection, int listener, char *text, size_t size);

/* Sets REMOTE_ADDR and REMOTE_PORT as systemd.socket(5) says; for unix sockets REMOTE_ADDR only, as
 * systemd 254 does, and only if the client has bound an address. What was there before is removed.
 */
void set_remote_variables(int connection);

#endif
