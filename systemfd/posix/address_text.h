/* SPDX-License-Identifier: MIT
 * Socket addresses of every family as text. */
#ifndef SYSTEMFD_ADDRESS_TEXT_H
#define SYSTEMFD_ADDRESS_TEXT_H

#include "sockets/net.h"

#include <stddef.h>

/* Writes the host: "127.0.0.1", "fe80::1%eth0". A v4-mapped IPv6 address is written as IPv4, a unix
 * address as "". */
void format_host(const struct sockaddr_storage *address, char *text, size_t size);

/* Writes the whole address: "127.0.0.1:5000", "[::1]:5000", "/run/x.sock", "@x". */
void format_address(const struct sockaddr_storage *address, char *text, size_t size);

/* The port number, in host order; 0 for unix addresses. */
unsigned port_of_address(const struct sockaddr_storage *address);

#endif
