/* SPDX-License-Identifier: MIT
 * Looking at passed sockets, taking them and giving them back, on Windows. */
#include <winsock2.h> /* before or after listenfd.h: the other suites have it after */

#include "listenfd.h"

#include "server.h"

#include <ws2tcpip.h>

#include <stdio.h>
#include <string.h>

typedef int (*take_call)(struct listenfd *, size_t, listenfd_socket *);

static struct listenfd *receive(const SOCKET *sockets, size_t count, const char *names,
                                unsigned flags)
{
    struct test_server server;
    struct listenfd *lfd;

    pass_sockets(&server, sockets, count, names);
    lfd = listenfd_from_env(flags);
    test_server_stop(&server);
    if (listenfd_status(lfd) != LISTENFD_PASSED)
        print_message("%s\n", listenfd_message(lfd));
    assert_int_equal(listenfd_status(lfd), LISTENFD_PASSED);
    assert_int_equal(listenfd_count(lfd), count);
    return lfd;
}

/* The socket itself is closed: what is left is the receiver's copy. */
static struct listenfd *receive_one(SOCKET socket, unsigned flags)
{
    struct listenfd *lfd = receive(&socket, 1, NULL, flags);

    closesocket(socket);
    return lfd;
}

static int is_open(SOCKET fd)
{
    int type, size = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, (char *)&type, &size) == 0;
}

static SOCKET connected_to(int port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((u_short)port)};
    SOCKET fd = socket(AF_INET, SOCK_STREAM, 0);

    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    return fd;
}

static SOCKET accepted(SOCKET *client)
{
    SOCKET listener = bound_socket(AF_INET, SOCK_STREAM), fd;

    *client = connected_to(port_of_socket(listener));
    fd = accept(listener, NULL, NULL);
    closesocket(listener);
    return fd;
}

/* ---- Kinds ---- */

enum { TCP4, TCP6, UDP4, UDP6, IDLE, CONNECTION, KINDS };

static SOCKET open_kind(int kind, SOCKET *client)
{
    switch (kind) {
    case TCP4:
    case TCP6:
        return bound_socket(kind == TCP4 ? AF_INET : AF_INET6, SOCK_STREAM);
    case UDP4:
    case UDP6:
        return bound_socket(kind == UDP4 ? AF_INET : AF_INET6, SOCK_DGRAM);
    case IDLE:
        return idle_stream();
    default:
        return accepted(client);
    }
}

static void check_kind(take_call take, int kind, int expected)
{
    SOCKET client = INVALID_SOCKET;
    struct listenfd *lfd = receive_one(open_kind(kind, &client), 0);
    listenfd_socket fd;
    int result;

    WSASetLastError(4711);
    result = take(lfd, 0, &fd);
    assert_int_equal(WSAGetLastError(), 4711);
    if (result != expected)
        print_message("kind %d: %d, expected %d: %s\n", kind, result, expected,
                      listenfd_message(lfd));
    assert_int_equal(result, expected);
    assert_int_equal(fd != LISTENFD_INVALID_SOCKET, expected == 1);
    if (expected == 1) {
        assert_int_equal(take(lfd, 0, &fd), 0);
        assert_true(fd == LISTENFD_INVALID_SOCKET);
    }
    listenfd_free(lfd);
    closesocket(client);
}

static void check_kinds(take_call take, const int *expected)
{
    for (int kind = 0; kind < KINDS; kind++)
        check_kind(take, kind, expected[kind]);
}

static void test_kinds(void **state)
{
    (void)state;
    check_kinds(listenfd_take_tcp_listener,
                (int[KINDS]){1, 1, LISTENFD_EPROTOCOL, LISTENFD_EPROTOCOL, LISTENFD_ENOTLISTENING,
                             LISTENFD_ENOTLISTENING});
    check_kinds(listenfd_take_udp_socket,
                (int[KINDS]){LISTENFD_ETYPE, LISTENFD_ETYPE, 1, 1, LISTENFD_ETYPE, LISTENFD_ETYPE});
    check_kinds(listenfd_take_tcp_stream,
                (int[KINDS]){LISTENFD_ENOTCONNECTED, LISTENFD_ENOTCONNECTED, LISTENFD_ENOTCONNECTED,
                             LISTENFD_ENOTCONNECTED, LISTENFD_ENOTCONNECTED, 1});
    check_kinds(listenfd_take_raw, (int[KINDS]){1, 1, 1, 1, 1, 1});
}

static void test_unix_kinds(void **state)
{
    static const take_call calls[] = {listenfd_take_unix_listener, listenfd_take_unix_stream,
                                      listenfd_take_unix_datagram,
                                      listenfd_take_unix_seqpacket_listener};
    listenfd_socket fd = 4711;

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        check_kind(calls[i], TCP4, LISTENFD_ENOTSUPPORTED);
        assert_int_equal(calls[i](NULL, 0, &fd), LISTENFD_ENOTSUPPORTED);
        assert_int_equal(calls[i](NULL, 0, NULL), LISTENFD_EINVAL);
    }
    assert_int_equal(listenfd_take_or_bind(NULL, 0, "unix::x.sock", &fd), LISTENFD_ENOTSUPPORTED);
    assert_true(fd == LISTENFD_INVALID_SOCKET);
}

static void test_custom(void **state)
{
    struct listenfd *lfd = receive_one(bound_socket(AF_INET6, SOCK_DGRAM), 0);
    listenfd_socket fd;

    (void)state;
    assert_int_equal(listenfd_take_custom(lfd, 0, AF_INET, 0, 0, -1, &fd), LISTENFD_EFAMILY);
    assert_int_equal(listenfd_take_custom(lfd, 0, 0, SOCK_STREAM, 0, -1, &fd), LISTENFD_ETYPE);
    assert_int_equal(listenfd_take_custom(lfd, 0, 0, 0, IPPROTO_TCP, -1, &fd), LISTENFD_EPROTOCOL);
    assert_int_equal(listenfd_take_custom(lfd, 0, 0, 0, 0, 1, &fd), LISTENFD_ENOTLISTENING);
    assert_int_equal(listenfd_take_custom(lfd, 0, AF_INET6, SOCK_DGRAM, IPPROTO_UDP, 0, &fd), 1);
    closesocket(fd);
    listenfd_free(lfd);
}

/* ---- Which is which ---- */

static void test_names_and_addresses(void **state)
{
    SOCKET originals[3] = {bound_socket(AF_INET, SOCK_STREAM), bound_socket(AF_INET6, SOCK_STREAM),
                           bound_socket(AF_INET, SOCK_DGRAM)};
    struct listenfd *lfd = receive(originals, 3, "web::log", 0);
    char address[64], text[64], expected[64];
    listenfd_socket fd;

    (void)state;
    assert_string_equal(listenfd_name(lfd, 0), "web");
    assert_string_equal(listenfd_name(lfd, 1), "");
    assert_string_equal(listenfd_name(lfd, 2), "log");
    assert_null(listenfd_name(lfd, 3));
    assert_int_equal(listenfd_find_name(lfd, "log", 0), 2);
    assert_true(listenfd_find_name(lfd, "mail", 0) == LISTENFD_NOT_FOUND);

    snprintf(address, sizeof address, "[::1]:%d", port_of_socket(originals[1]));
    assert_int_equal(listenfd_find_address(lfd, address, 0), 1);
    snprintf(address, sizeof address, ":%d", port_of_socket(originals[2]));
    assert_int_equal(listenfd_find_address(lfd, address, 0), 2);
    snprintf(address, sizeof address, "[::ffff:127.0.0.1]:%d", port_of_socket(originals[0]));
    assert_int_equal(listenfd_find_address(lfd, address, 0), 0);
    assert_true(listenfd_find_address(lfd, "/run/x.sock", 0) == LISTENFD_NOT_FOUND);
    assert_true(listenfd_find_address(lfd, "nonsense", 0) == LISTENFD_NOT_FOUND);

    snprintf(expected, sizeof expected, "tcp listener 127.0.0.1:%d", port_of_socket(originals[0]));
    assert_int_equal(listenfd_describe(lfd, 0, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
    assert_int_equal(listenfd_describe(lfd, 0, NULL, 0), strlen(expected));
    assert_int_equal(listenfd_describe(lfd, 0, text, 5), strlen(expected));
    assert_string_equal(text, "tcp ");
    snprintf(expected, sizeof expected, "udp socket 127.0.0.1:%d", port_of_socket(originals[2]));
    listenfd_describe(lfd, 2, text, sizeof text);
    assert_string_equal(text, expected);

    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    closesocket(fd);
    listenfd_describe(lfd, 0, text, sizeof text);
    assert_string_equal(text, "not open");
    listenfd_free(lfd);
    for (int i = 0; i < 3; i++)
        closesocket(originals[i]);
}

/* ---- Whose it is ---- */

static void test_not_inherited(void **state)
{
    struct listenfd *lfd = receive_one(bound_socket(AF_INET, SOCK_STREAM), 0);
    listenfd_socket fd;
    DWORD flags;

    (void)state;
    assert_int_equal(listenfd_take_raw(lfd, 0, &fd), 1);
    assert_true(GetHandleInformation((HANDLE)fd, &flags));
    assert_int_equal(flags & HANDLE_FLAG_INHERIT, 0);
    closesocket(fd);
    listenfd_free(lfd);
}

static void test_modes(void **state)
{
    struct listenfd *lfd = receive_one(bound_socket(AF_INET, SOCK_STREAM), LISTENFD_NONBLOCK);
    SOCKET client;
    listenfd_socket fd;

    (void)state;
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    listenfd_free(lfd);
    assert_true(accept(fd, NULL, NULL) == INVALID_SOCKET);
    assert_int_equal(WSAGetLastError(), WSAEWOULDBLOCK);

    lfd = receive_one(fd, LISTENFD_BLOCK);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    listenfd_free(lfd);
    client = connected_to(port_of_socket(fd));
    assert_true(accept(fd, NULL, NULL) != INVALID_SOCKET);
    closesocket(client);
    closesocket(fd);
}

static void test_free_closes_what_is_left(void **state)
{
    SOCKET originals[2] = {bound_socket(AF_INET, SOCK_STREAM), bound_socket(AF_INET, SOCK_DGRAM)};
    DWORD before, after;

    (void)state;
    for (unsigned flags = 0; flags <= LISTENFD_KEEP; flags += LISTENFD_KEEP) {
        GetProcessHandleCount(GetCurrentProcess(), &before);
        listenfd_free(receive(originals, 2, NULL, flags));
        GetProcessHandleCount(GetCurrentProcess(), &after);
        assert_int_equal(after, before);
    }
    assert_true(is_open(originals[0]) && is_open(originals[1]));
    closesocket(originals[0]);
    closesocket(originals[1]);
}

static void test_keep_leaves_variables(void **state)
{
    struct listenfd *lfd = receive_one(bound_socket(AF_INET, SOCK_STREAM), LISTENFD_KEEP);

    (void)state;
    assert_false(is_variable_gone("SYSTEMFD_SOCKET_SERVER"));
    assert_false(is_variable_gone("SYSTEMFD_SOCKET_SECRET"));
    listenfd_free(lfd);
    clear_variables();
}

/* ---- Or bind ---- */

static void test_take_or_bind(void **state)
{
    struct listenfd *lfd = receive_one(bound_socket(AF_INET, SOCK_STREAM), 0);
    listenfd_socket passed, bound;
    char address[32];

    (void)state;
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "127.0.0.1:0", &passed), LISTENFD_TAKEN);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "127.0.0.1:0", &bound), LISTENFD_BOUND);
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of_socket(bound));
    assert_int_equal(listenfd_take_or_bind(lfd, 0, address, &passed), LISTENFD_EINUSE);
    assert_int_equal(WSAGetLastError(), WSAEADDRINUSE);
    assert_non_null(strstr(listenfd_message(lfd), address));
    assert_non_null(strstr(listenfd_message(lfd), "connection that an earlier server accepted"));
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "host:1", &passed), LISTENFD_EADDRESS);
    closesocket(bound);
    listenfd_free(lfd);
}

static void test_wrong_kind_is_no_reason_to_bind(void **state)
{
    struct listenfd *lfd = receive_one(bound_socket(AF_INET, SOCK_DGRAM), 0);
    listenfd_socket fd;

    (void)state;
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "127.0.0.1:0", &fd), LISTENFD_EPROTOCOL);
    listenfd_free(lfd);
}

/* ---- WSAStartup: these come first, as the other tests close sockets without WSACleanup ---- */

/* The test gives up its own WSAStartup, as the last one: a socket that was taken stays. */
static void test_taken_outlives_winsock_cleanup(void **state)
{
    struct listenfd *lfd = receive_one(bound_socket(AF_INET, SOCK_STREAM), 0);
    listenfd_socket fd;
    SOCKET client;

    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    listenfd_free(lfd);
    assert_int_equal(WSACleanup(), 0);
    client = connected_to(port_of_socket(fd));
    assert_true(accept(fd, NULL, NULL) != INVALID_SOCKET);
    closesocket(client);
    closesocket(fd);
    assert_int_equal(WSACleanup(), 0);
    assert_int_equal(WSACleanup(), SOCKET_ERROR);
    assert_int_equal(start_winsock(state), 0);
}

/* Nothing is left behind by sockets that nobody took, nor by refusals. */
static void test_startups_are_balanced(void **state)
{
    SOCKET originals[2] = {bound_socket(AF_INET, SOCK_STREAM), bound_socket(AF_INET, SOCK_DGRAM)};
    listenfd_socket fd;

    listenfd_free(receive(originals, 2, NULL, 0));
    assert_int_equal(listenfd_take_or_bind(NULL, 0, "1.2.3.4:1", &fd), LISTENFD_ESYSTEM);
    set_variable("SYSTEMFD_SOCKET_SERVER", "127.0.0.1:1");
    set_variable("SYSTEMFD_SOCKET_SECRET", TEST_SECRET);
    listenfd_free(listenfd_from_env(0));
    closesocket(originals[0]);
    closesocket(originals[1]);
    assert_int_equal(WSACleanup(), 0);
    assert_int_equal(WSACleanup(), SOCKET_ERROR);
    assert_int_equal(start_winsock(state), 0);
}

/* Without an object, and without WSAStartup by the caller. */
static void test_bind_alone(void **state)
{
    listenfd_socket fd;
    SOCKET client;
    BOOL exclusive;
    int size = sizeof exclusive;

    assert_int_equal(WSACleanup(), 0);
    assert_int_equal(listenfd_take_or_bind(NULL, 0, ":0", &fd), LISTENFD_BOUND);
    client = connected_to(port_of_socket(fd)); /* by IPv4 too */
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char *)&exclusive, &size), 0);
    assert_true(exclusive);
    closesocket(client);
    closesocket(fd);
    assert_int_equal(WSACleanup(), 0);
    assert_int_equal(WSACleanup(), SOCKET_ERROR);
    assert_int_equal(start_winsock(state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken_outlives_winsock_cleanup),
        cmocka_unit_test(test_startups_are_balanced),
        cmocka_unit_test(test_bind_alone),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_unix_kinds),
        cmocka_unit_test(test_custom),
        cmocka_unit_test(test_names_and_addresses),
        cmocka_unit_test(test_not_inherited),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_free_closes_what_is_left),
        cmocka_unit_test(test_keep_leaves_variables),
        cmocka_unit_test(test_take_or_bind),
        cmocka_unit_test(test_wrong_kind_is_no_reason_to_bind),
    };

    return cmocka_run_group_tests(tests, start_winsock, NULL);
}
