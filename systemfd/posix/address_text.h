/* SPDX-License-Identifier: MIT
 * An address of any family, as it is shown. */
#ifndef SYSTEMFD_ADDRESS_TEXT_H
#define SYSTEMFD_ADDRESS_TEXT_H

#include "sockets/net.h"

#include <stddef.h>

/* "127.0.0.1", "fe80::1%eth0"; IPv4 at an IPv6 socket is IPv4. "" for unix addresses. */
void format_host(const struct sockaddr_storage *address, char *text, size_t size);

/* "127.0.0.1:5000", "[::1]:5000", "/run/x.sock", "@x". */
void format_address(const struct sockaddr_storage *address, char *text, size_t size);

/* 0 for unix addresses. */
unsigned port_of_address(const struct sockaddr_storage *address);

#endif
