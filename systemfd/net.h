/* SPDX-License-Identifier: MIT
 * The system's headers for sockets and addresses. */
#ifndef SYSTEMFD_NET_H
#define SYSTEMFD_NET_H

#ifdef _WIN32

#include <winsock2.h>
#include <ws2tcpip.h>
#include <iphlpapi.h> /* if_nametoindex */

typedef USHORT in_port_t;

#else

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#endif
#endif
