/* SPDX-License-Identifier: MIT
 * Sockets for the tests, close-on-exec, with ports that the system chooses. Each call fails the
 * test when it cannot do its work, unless it says otherwise. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <stddef.h>
#include <sys/socket.h>

/* A socket bound to that host: "127.0.0.1", "::1", "0.0.0.0", "::" ... A stream socket listens. */
int internet_socket(int type, const char *host);
int port_of_socket(int fd);

/* A socket bound to a path or "@name". It listens, unless it is a datagram socket. */
int unix_socket(int type, const char *path);

/* "@listenfd-PID-tag", a name that no other run of the tests uses. Valid for four more calls. */
const char *abstract_name(const char *tag);

/* Stream sockets that are bound in the same ways, but do not listen. */
int idle_internet_stream(const char *host);
int idle_unix_stream(const char *path);

/* One end of a socket pair, whose other end is closed. */
int unix_stream_pair(void);
int unix_seqpacket_pair(void);
int unix_datagram_pair(void);

/* A listener of that protocol on 127.0.0.1; -1 where the kernel has none. */
int protocol_listener(int protocol);

/* Sockets connected to that port of 127.0.0.1 or of `host`, or to that path. */
int connect_port(int port);
int connect_host(const char *host, int port);
int connect_path(int type, const char *path);

/* Makes a TCP connection over loopback. Returns the accepted end; *client becomes the other. */
int tcp_connection(int *client);

int is_cloexec(int fd);
int is_nonblocking(int fd);
int is_open_descriptor(int fd);

/* How many descriptors this process has open. */
size_t count_descriptors(void);

/* Sends text, shuts down its sending end and reads to the end. Returns the answer, for free().
 * Closes fd. */
char *exchange(int fd, const char *text);

#endif
