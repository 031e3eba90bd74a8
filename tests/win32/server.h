/* SPDX-License-Identifier: MIT
 * A socket server for the receiver under test, in a thread of the test's process. It behaves well,
 * or as badly as the test wants, and serves one connection. */
#ifndef TEST_SERVER_H
#define TEST_SERVER_H

#include <winsock2.h>

#include "test.h"

enum manner {
    ANSWER,        /* reads the request to its end, sends the answer, closes */
    SILENT,        /* neither answers nor closes */
    SLOW,          /* sends a byte of the answer every 100 ms */
    CLOSE_AT_ONCE, /* reads nothing */
    RESET,         /* sends the answer, then resets the connection */
    ENDLESS        /* sends the answer again and again */
};

#define TEST_SECRET "01234567-89ab-4def-8123-456789ABCDEF"

struct test_server {
    enum manner manner;
    const void *answer;
    size_t size;
    char request[128]; /* the request that it got */
    SOCKET listener;
    HANDLE thread, stop;
};

/* Starts the server, and sets SYSTEMFD_SOCKET_SERVER and SYSTEMFD_SOCKET_SECRET. */
void test_server_start(struct test_server *server);

/* Ends a server that is silent or slow, waits for the end of the thread and closes everything. */
void test_server_stop(struct test_server *server);

/* Starts a server that passes these sockets to this process, and sets LISTEN_FDNAMES; names may be
 * NULL. The sockets stay open. */
void pass_sockets(struct test_server *server, const SOCKET *sockets, size_t count,
                  const char *names);

/* Sets a variable both of the process and in the C runtime. value may be NULL. */
void set_variable(const char *name, const char *value);

/* Removes every variable of the protocol. */
void clear_variables(void);

/* Is the variable unknown to both getenv and GetEnvironmentVariable? */
int is_variable_gone(const char *name);

/* A socket on 127.0.0.1 or ::1, on a port of the system's choice. A stream socket listens. */
SOCKET bound_socket(int family, int type);

/* A TCP socket on 127.0.0.1 that does not listen. */
SOCKET idle_stream(void);
int port_of_socket(SOCKET socket);

/* Setup of the group: WSAStartup. */
int start_winsock(void **state);

#endif
