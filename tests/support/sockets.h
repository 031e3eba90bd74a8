/* SPDX-License-Identifier: MIT
 * Sockets for the tests: ports from the system, everything checked, close-on-exec. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <stddef.h>
#include <sys/socket.h>

/* On a port of the system's choice. host: "127.0.0.1", "::1", "0.0.0.0", "::" ...
 * A stream socket of them is a listener. */
int internet_socket(int type, const char *host);
int port_of_socket(int fd);

/* Bound to path, or "@name"; listening where the type can. */
int unix_socket(int type, const char *path);

/* "@listenfd-PID-tag", which no other run of the tests has. Valid for four more calls. */
const char *abstract_name(const char *tag);

/* Stream sockets that are bound like those, and do not listen. */
int idle_internet_stream(const char *host);
int idle_unix_stream(const char *path);

/* One end of a pair whose other end is closed. */
int unix_stream_pair(void);
int unix_seqpacket_pair(void);
int unix_datagram_pair(void);

/* A listener of that protocol on 127.0.0.1; -1 where the kernel has none. */
int protocol_listener(int protocol);

/* Connected: to that port of 127.0.0.1 or of another host, to that path. */
int connect_port(int port);
int connect_host(const char *host, int port);
int connect_path(int type, const char *path);

/* Both ends of a TCP connection over loopback; returns the accepted one. */
int tcp_connection(int *client);

int is_cloexec(int fd);
int is_nonblocking(int fd);
int is_open_descriptor(int fd);

/* How many this process has open. */
size_t count_descriptors(void);

/* Sends text, half-closes, reads to the end: the answer, for free(). Closes fd. */
char *exchange(int fd, const char *text);

#endif
