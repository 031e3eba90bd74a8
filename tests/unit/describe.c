/* SPDX-License-Identifier: MIT
 * listenfd_describe: the exact text for everything that can be passed. */
#include "listenfd.h"

#include "folder.h"
#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct listenfd *pass_this(int descriptor)
{
    clear_variables();
    pass_one(descriptor);
    return receive_passed(0);
}

static void assert_described(struct listenfd *lfd, size_t index, const char *expected)
{
    char text[256];
    int length;

    errno = 4711;
    length = listenfd_describe(lfd, index, text, sizeof text);
    assert_int_equal(errno, 4711);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
    assert_int_equal(listenfd_describe(lfd, index, NULL, 0), strlen(expected));
}

static void check(int descriptor, const char *expected)
{
    struct listenfd *lfd = pass_this(descriptor);

    assert_described(lfd, 0, expected);
    listenfd_free(lfd);
}

/* %d in the text is the socket's port. */
static void check_port(int socket, const char *format)
{
    char expected[128];

    snprintf(expected, sizeof expected, format, port_of_socket(socket));
    check(socket, expected);
}

static void test_tcp(void **state)
{
    (void)state;
    check_port(internet_socket(SOCK_STREAM, "127.0.0.1"), "tcp listener 127.0.0.1:%d");
    check_port(internet_socket(SOCK_STREAM, "0.0.0.0"), "tcp listener 0.0.0.0:%d");
    check_port(internet_socket(SOCK_STREAM, "::1"), "tcp listener [::1]:%d");
    check_port(internet_socket(SOCK_STREAM, "::"), "tcp listener [::]:%d");
    check_port(internet_socket(SOCK_STREAM, "::ffff:127.0.0.1"),
               "tcp listener [::ffff:127.0.0.1]:%d");
    check_port(idle_internet_stream("127.0.0.1"), "tcp stream 127.0.0.1:%d");
    check(socket(AF_INET, SOCK_STREAM, 0), "tcp stream 0.0.0.0:0");
}

static void test_accepted_tcp(void **state)
{
    int client, fd = tcp_connection(&client);
    char expected[64];

    (void)state;
    snprintf(expected, sizeof expected, "tcp stream from 127.0.0.1:%d", port_of_socket(client));
    check(fd, expected);
    close(client);
}

static void test_mptcp(void **state)
{
    int fd = protocol_listener(IPPROTO_MPTCP);

    (void)state;
    if (fd < 0)
        skip_because("this kernel has no MPTCP");
    check_port(fd, "mptcp listener 127.0.0.1:%d");
}

static void test_udp(void **state)
{
    int fd = internet_socket(SOCK_DGRAM, "127.0.0.1");
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(9)};

    (void)state;
    check_port(internet_socket(SOCK_DGRAM, "127.0.0.1"), "udp socket 127.0.0.1:%d");
    check_port(internet_socket(SOCK_DGRAM, "::1"), "udp socket [::1]:%d");
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    check_port(fd, "udp socket 127.0.0.1:%d");
}

static void test_unix_paths(void **state)
{
    char *folder = folder_create(), *path = path_in(folder, "x.sock"), expected[128];
    int listener = unix_socket(SOCK_STREAM, path);

    (void)state;
    snprintf(expected, sizeof expected, "unix listener %s", path);
    check(listener, expected);
    unlink(path);
    snprintf(expected, sizeof expected, "unix datagram %s", path);
    check(unix_socket(SOCK_DGRAM, path), expected);
    folder_remove(folder);
    free(path);
}

/* %s in the text is the name. */
static void check_named(int socket, const char *format, const char *name)
{
    char expected[160];

    snprintf(expected, sizeof expected, format, name);
    check(socket, expected);
}

static void test_unix_abstract_names(void **state)
{
    const char *name = abstract_name("x");

    (void)state;
    check_named(unix_socket(SOCK_STREAM, name), "unix listener %s", name);
    check_named(unix_socket(SOCK_DGRAM, name), "unix datagram %s", name);
    check_named(unix_socket(SOCK_SEQPACKET, name), "unix seqpacket listener %s", name);
    check_named(idle_unix_stream(name), "unix stream %s", name);
}

static void check_pair(int type, const char *expected)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, type, 0, ends), 0);
    check(ends[0], expected);
    close(ends[1]);
}

static void test_unix_without_a_name(void **state)
{
    (void)state;
    check_pair(SOCK_STREAM, "unix stream from (no name)");
    check_pair(SOCK_DGRAM, "unix datagram (no name)");
    check_pair(SOCK_SEQPACKET, "unix seqpacket (no name)");
    check(socket(AF_UNIX, SOCK_STREAM, 0), "unix stream (no name)");
}

/* An accepted connection from a client that has bound itself to this abstract name. */
static int connection_from(const char *name)
{
    int client, connection;
    int listener = unix_socket(SOCK_STREAM, abstract_name("listener"));
    struct sockaddr_un where;
    socklen_t size = sizeof where;

    assert_int_equal(getsockname(listener, (struct sockaddr *)&where, &size), 0);
    client = idle_unix_stream(name);
    assert_int_equal(connect(client, (struct sockaddr *)&where, size), 0);
    connection = accept(listener, NULL, NULL);
    close(client);
    close(listener);
    return connection;
}

static void test_accepted_unix(void **state)
{
    const char *name = abstract_name("client");

    (void)state;
    check_named(connection_from(name), "unix stream from %s", name);
}

/* The client chose that name, and the text is for a log line. */
static void test_no_line_is_forged(void **state)
{
    struct listenfd *lfd = pass_this(connection_from(abstract_name("a\nERROR\x1b[2J\x7f")));
    char text[256];

    (void)state;
    listenfd_describe(lfd, 0, text, sizeof text);
    for (const char *c = text; *c; c++)
        assert_false((unsigned char)*c < ' ' || *c == 0x7f);
    listenfd_free(lfd);
}

static void test_files(void **state)
{
    int ends[2];
    FILE *file = tmpfile();

    (void)state;
    assert_int_equal(pipe(ends), 0);
    check(ends[0], "fifo");
    close(ends[1]);
    check(dup(fileno(file)), "file");
    fclose(file);
    check(open("/dev/null", O_RDONLY), "special file");
}

static void test_other_families(void **state)
{
    char expected[64];

    (void)state;
    snprintf(expected, sizeof expected, "socket of family %d, type %d, protocol %d", AF_NETLINK,
             SOCK_RAW, NETLINK_ROUTE);
    check(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), expected);
}

static void test_closed(void **state)
{
    int first;
    struct listenfd *lfd;

    (void)state;
    first = pass_listeners(1, NULL);
    lfd = receive_passed(0);
    close(first);
    assert_described(lfd, 0, "not open");
    listenfd_free(lfd);
}

static void test_taken(void **state)
{
    int first = pass_listeners(1, NULL);
    struct listenfd *lfd = receive_passed(0);
    listenfd_socket fd;
    char expected[64];

    (void)state;
    snprintf(expected, sizeof expected, "tcp listener 127.0.0.1:%d", port_of_socket(first));
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    assert_described(lfd, 0, expected);
    close(fd);
    assert_described(lfd, 0, "not open");
    listenfd_free(lfd);
}

static void test_past_the_end(void **state)
{
    struct listenfd *lfd;

    (void)state;
    pass_listeners(1, NULL);
    lfd = receive_passed(0);
    assert_described(lfd, 1, "");
    assert_described(lfd, LISTENFD_NOT_FOUND, "");
    assert_described(NULL, 0, "");
    listenfd_free(lfd);
}

static void test_small_buffers(void **state)
{
    char whole[96];
    struct listenfd *lfd = pass_this(unix_socket(SOCK_STREAM, abstract_name("x")));
    size_t length = (size_t)listenfd_describe(lfd, 0, whole, sizeof whole);

    (void)state;
    assert_int_equal(length, strlen(whole));
    for (size_t size = 1; size <= length + 2; size++) {
        char *text = malloc(size); /* the sanitizer stands behind it */
        size_t kept = size <= length ? size - 1 : length;
        assert_int_equal(listenfd_describe(lfd, 0, text, size), length);
        assert_int_equal(strlen(text), kept);
        assert_memory_equal(text, whole, kept);
        free(text);
    }
    listenfd_free(lfd);
}

static void test_longest_name(void **state)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    char name[sizeof where.sun_path + 1];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    memset(name, 'x', sizeof name);
    memcpy(name, abstract_name(""), strlen(abstract_name("")));
    name[sizeof name - 1] = '\0';
    memcpy(where.sun_path + 1, name + 1, sizeof where.sun_path - 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    check_named(fd, "unix stream %s", name);
}

/* ---- What any socket is bound to ---- */

static void check_address(int fd, const char *expected, int port)
{
    char text[128];

    errno = 4711;
    assert_int_equal(listenfd_address(fd, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
    assert_int_equal(listenfd_address(fd, NULL, 0), strlen(expected));
    assert_int_equal(listenfd_port(fd), port);
    assert_int_equal(errno, 4711);
    close(fd);
}

static void test_address_and_port(void **state)
{
    const char *name = abstract_name("address");
    char expected[64];
    int fd;

    (void)state;
    fd = internet_socket(SOCK_STREAM, "127.0.0.1");
    snprintf(expected, sizeof expected, "127.0.0.1:%d", port_of_socket(fd));
    check_address(fd, expected, port_of_socket(fd));
    fd = internet_socket(SOCK_DGRAM, "::1");
    snprintf(expected, sizeof expected, "[::1]:%d", port_of_socket(fd));
    check_address(fd, expected, port_of_socket(fd));
    check_address(unix_socket(SOCK_STREAM, name), name, -1);
    check_address(socket(AF_NETLINK, SOCK_RAW, 0), "", -1);
    check_address(dup(0), "", -1);
    check_address(-1, "", -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_accepted_tcp),
        cmocka_unit_test(test_mptcp),
        cmocka_unit_test(test_udp),
        cmocka_unit_test(test_unix_paths),
        cmocka_unit_test(test_unix_abstract_names),
        cmocka_unit_test(test_unix_without_a_name),
        cmocka_unit_test(test_accepted_unix),
        cmocka_unit_test(test_no_line_is_forged),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_other_families),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_past_the_end),
        cmocka_unit_test(test_small_buffers),
        cmocka_unit_test(test_address_and_port),
        cmocka_unit_test(test_longest_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
