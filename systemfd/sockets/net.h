/* SPDX-License-Identifier: MIT
 * The system's headers for sockets and addresses, and one name for what differs between systems in
 * every use of them. */
#ifndef SYSTEMFD_NET_H
#define SYSTEMFD_NET_H

#ifdef _WIN32

#include <winsock2.h>
#include <ws2tcpip.h>
#include <strings.h>  /* strcasecmp: MinGW has it, too */
#include <iphlpapi.h> /* if_nametoindex */

typedef USHORT in_port_t;
typedef int transfer_size;
#define close_socket closesocket
#define SHUT_WR SD_SEND
#define would_block() (WSAGetLastError() == WSAEWOULDBLOCK)
#define SEND_FLAGS 0
#define set_nonblocking(socket) ioctlsocket(socket, (long)FIONBIO, &(u_long){1})
#define poll WSAPoll
typedef ULONG poll_count;

#else

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <strings.h> /* strcasecmp */
#include <unistd.h>

typedef size_t transfer_size;
#define close_socket close
#define would_block() (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
#define SEND_FLAGS MSG_NOSIGNAL
#define set_nonblocking(socket) ioctl(socket, FIONBIO, &(int){1})
typedef nfds_t poll_count;

#endif
#endif
