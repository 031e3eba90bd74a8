/* SPDX-License-Identifier: MIT
 * A server for the receiver under test, in a thread of the test's process: well-behaved, or
 * as badly as wanted. One conversation each. */
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
    char request[128]; /* what it got */
    SOCKET listener;
    HANDLE thread, stop;
};

/* Starts it, and sets SYSTEMFD_SOCKET_SERVER and _SECRET. */
void test_server_start(struct test_server *server);

/* Waits for its end. */
void test_server_stop(struct test_server *server);

/* Everything at once: these sockets are passed to this process; names may be NULL. The sockets
 * stay open. */
void pass_sockets(struct test_server *server, const SOCKET *sockets, size_t count,
                  const char *names);

/* Both ways that a variable can be set: of the process, and through the C runtime. value may
 * be NULL. */
void set_variable(const char *name, const char *value);
void clear_variables(void);

/* Neither getenv nor GetEnvironmentVariable knows it. */
int is_variable_gone(const char *name);

/* On 127.0.0.1 or ::1, on a port of the system's choice; a stream socket listens. */
SOCKET bound_socket(int family, int type);
SOCKET idle_stream(void);
int port_of_socket(SOCKET socket);

/* WSAStartup, for the whole group. */
int start_winsock(void **state);

#endif
