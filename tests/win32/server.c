/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <ws2tcpip.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Sockets ---- */

int start_winsock(void **state)
{
    WSADATA unused;

    (void)state;
    return WSAStartup(MAKEWORD(2, 2), &unused);
}

static SOCKET open_socket(int family, int type)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in in = {.sin_family = AF_INET};
    SOCKET fd = WSASocketW(family, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd != INVALID_SOCKET);
    assert_int_equal(family == AF_INET ? bind(fd, (struct sockaddr *)&in, sizeof in)
                                       : bind(fd, (struct sockaddr *)&in6, sizeof in6),
                     0);
    return fd;
}

SOCKET idle_stream(void)
{
    return open_socket(AF_INET, SOCK_STREAM);
}

SOCKET bound_socket(int family, int type)
{
    SOCKET fd = open_socket(family, type);

    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, SOMAXCONN), 0);
    return fd;
}

int port_of_socket(SOCKET fd)
{
    struct sockaddr_in6 where; /* the port stands where sockaddr_in has it */
    int size = sizeof where;

    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &size), 0);
    return ntohs(where.sin6_port);
}

/* ---- Variables ---- */

void set_variable(const char *name, const char *value)
{
    char text[256];

    snprintf(text, sizeof text, "%s=%s", name, value ? value : "");
    _putenv(text);
    SetEnvironmentVariableA(name, value);
}

void clear_variables(void)
{
    set_variable("SYSTEMFD_SOCKET_SERVER", NULL);
    set_variable("SYSTEMFD_SOCKET_SECRET", NULL);
    set_variable("LISTEN_FDNAMES", NULL);
}

int is_variable_gone(const char *name)
{
    char value[8];

    return !getenv(name) && GetEnvironmentVariableA(name, value, sizeof value) == 0 &&
           GetLastError() == ERROR_ENVVAR_NOT_FOUND;
}

/* ---- The server ---- */

static void read_to_end(SOCKET client, char *text, size_t size)
{
    size_t length = 0;
    int got;

    do {
        got = recv(client, text + length, (int)(size - 1 - length), 0);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    text[length] = '\0';
}

static int send_all(SOCKET client, const struct test_server *server)
{
    return send(client, server->answer, (int)server->size, 0) == (int)server->size;
}

static void send_slowly(SOCKET client, const struct test_server *server)
{
    for (size_t i = 0; i < server->size; i++)
        if (send(client, (const char *)server->answer + i, 1, 0) != 1 ||
            WaitForSingleObject(server->stop, 100) == WAIT_OBJECT_0)
            break;
}

static void reset(SOCKET client)
{
    struct linger linger = {1, 0};

    Sleep(200); /* until the answer has been read */
    setsockopt(client, SOL_SOCKET, SO_LINGER, (const char *)&linger, sizeof linger);
}

static void converse(SOCKET client, struct test_server *server)
{
    if (server->manner != CLOSE_AT_ONCE)
        read_to_end(client, server->request, sizeof server->request);
    if (server->manner == ANSWER || server->manner == RESET)
        send_all(client, server);
    if (server->manner == RESET)
        reset(client);
    if (server->manner == SLOW)
        send_slowly(client, server);
    if (server->manner == SILENT)
        WaitForSingleObject(server->stop, INFINITE);
    while (server->manner == ENDLESS && send_all(client, server)) {
    }
}

static DWORD WINAPI run(void *argument)
{
    struct test_server *server = argument;
    SOCKET client = accept(server->listener, NULL, NULL);

    if (client != INVALID_SOCKET)
        converse(client, server);
    closesocket(client);
    return 0;
}

void test_server_start(struct test_server *server)
{
    char address[32];

    server->listener = bound_socket(AF_INET, SOCK_STREAM);
    server->stop = CreateEventA(NULL, TRUE, FALSE, NULL);
    server->thread = CreateThread(NULL, 0, run, server, 0, NULL);
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of_socket(server->listener));
    set_variable("SYSTEMFD_SOCKET_SERVER", address);
    set_variable("SYSTEMFD_SOCKET_SECRET", TEST_SECRET);
}

void test_server_stop(struct test_server *server)
{
    SetEvent(server->stop);
    assert_int_equal(WaitForSingleObject(server->thread, DEADLINE_MS), WAIT_OBJECT_0);
    closesocket(server->listener);
    CloseHandle(server->thread);
    CloseHandle(server->stop);
}

void pass_sockets(struct test_server *server, const SOCKET *sockets, size_t count,
                  const char *names)
{
    static WSAPROTOCOL_INFOW infos[256];

    assert_true(count <= sizeof infos / sizeof infos[0]);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(WSADuplicateSocketW(sockets[i], GetCurrentProcessId(), &infos[i]), 0);
    memset(server, 0, sizeof *server);
    server->manner = ANSWER;
    server->answer = infos;
    server->size = count * sizeof infos[0];
    test_server_start(server);
    set_variable("LISTEN_FDNAMES", names);
}
