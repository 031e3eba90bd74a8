/* SPDX-License-Identifier: MIT
 * Every kind of take against every kind of descriptor. */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* ---- What is passed: each opens one descriptor, -1 where the kernel cannot ---- */

static int tcp4_listener(void)
{
    return internet_socket(SOCK_STREAM, "127.0.0.1");
}

static int tcp6_listener(void)
{
    return internet_socket(SOCK_STREAM, "::1");
}

static int idle_tcp4(void)
{
    return idle_internet_stream("127.0.0.1");
}

static int idle_tcp6(void)
{
    return idle_internet_stream("::1");
}

static int accepted_tcp(void)
{
    int client, fd = tcp_connection(&client);

    close(client); /* a peer that has hung up was a peer */
    return fd;
}

static int mptcp_listener(void)
{
    return protocol_listener(IPPROTO_MPTCP);
}

static int udp4(void)
{
    return internet_socket(SOCK_DGRAM, "127.0.0.1");
}

static int udp6(void)
{
    return internet_socket(SOCK_DGRAM, "::1");
}

/* A datagram socket of another protocol. */
static int udplite(void)
{
    return socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
}

static int connected_udp(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd = udp4();

    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    return fd;
}

static int raw_icmp(void)
{
    return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int netlink_socket(void)
{
    return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int unix_stream_listener(void)
{
    return unix_socket(SOCK_STREAM, abstract_name("listener"));
}

static int idle_unix(void)
{
    return idle_unix_stream(abstract_name("idle"));
}

static int unix_datagram(void)
{
    return unix_socket(SOCK_DGRAM, abstract_name("datagram"));
}

static int unix_seqpacket_listener(void)
{
    return unix_socket(SOCK_SEQPACKET, abstract_name("seqpacket"));
}

static int fifo(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    return ends[0];
}

static int regular_file(void)
{
    return fileno(tmpfile());
}

static int special_file(void)
{
    return open("/dev/null", O_RDWR);
}

static int directory(void)
{
    return open("/", O_RDONLY | O_DIRECTORY);
}

/* ---- The matrix ---- */

typedef int taker(struct listenfd *lfd, size_t index, listenfd_socket *out);

static taker *const takers[] = {
    listenfd_take_tcp_listener,
    listenfd_take_tcp_stream,
    listenfd_take_udp_socket,
    listenfd_take_unix_listener,
    listenfd_take_unix_stream,
    listenfd_take_unix_datagram,
    listenfd_take_unix_seqpacket_listener,
    listenfd_take_raw,
};
enum { TAKERS = sizeof takers / sizeof takers[0], NAMED_KINDS = TAKERS - 1 };

#define FAMILY LISTENFD_EFAMILY
#define TYPE LISTENFD_ETYPE
#define PROTO LISTENFD_EPROTOCOL
#define IDLE LISTENFD_ENOTLISTENING
#define UNCON LISTENFD_ENOTCONNECTED
#define FILE_ LISTENFD_ENOTSOCKET

/* clang-format off */
static const struct row {
    const char *what;
    int (*open)(void);
    int results[NAMED_KINDS]; /* in the order of the takers; raw takes everything */
} rows[] = {
    /*                                          tcp             udp     unix
                                                listen  stream          listen  stream  dgram   seqp */
    {"tcp4 listener", tcp4_listener,           {1,      UNCON,  TYPE,   FAMILY, UNCON,  FAMILY, FAMILY}},
    {"tcp6 listener", tcp6_listener,           {1,      UNCON,  TYPE,   FAMILY, UNCON,  FAMILY, FAMILY}},
    {"idle tcp4", idle_tcp4,                   {IDLE,   UNCON,  TYPE,   FAMILY, UNCON,  FAMILY, FAMILY}},
    {"idle tcp6", idle_tcp6,                   {IDLE,   UNCON,  TYPE,   FAMILY, UNCON,  FAMILY, FAMILY}},
    {"accepted tcp", accepted_tcp,             {IDLE,   1,      TYPE,   FAMILY, FAMILY, FAMILY, FAMILY}},
    {"mptcp listener", mptcp_listener,         {1,      UNCON,  TYPE,   FAMILY, UNCON,  FAMILY, FAMILY}},
    {"udp4", udp4,                             {PROTO,  UNCON,  1,      FAMILY, UNCON,  FAMILY, FAMILY}},
    {"udp6", udp6,                             {PROTO,  UNCON,  1,      FAMILY, UNCON,  FAMILY, FAMILY}},
    {"udplite", udplite,                       {PROTO,  UNCON,  PROTO,  FAMILY, UNCON,  FAMILY, FAMILY}},
    {"connected udp", connected_udp,           {PROTO,  TYPE,   1,      FAMILY, FAMILY, FAMILY, FAMILY}},
    {"raw icmp", raw_icmp,                     {PROTO,  UNCON,  TYPE,   FAMILY, UNCON,  FAMILY, FAMILY}},
    {"netlink", netlink_socket,                {FAMILY, FAMILY, FAMILY, FAMILY, FAMILY, FAMILY, FAMILY}},
    {"unix listener", unix_stream_listener,    {FAMILY, UNCON,  FAMILY, 1,      UNCON,  TYPE,   TYPE}},
    {"idle unix stream", idle_unix,            {FAMILY, UNCON,  FAMILY, IDLE,   UNCON,  TYPE,   TYPE}},
    {"unix stream pair", unix_stream_pair,     {FAMILY, FAMILY, FAMILY, IDLE,   1,      TYPE,   TYPE}},
    {"unix datagram", unix_datagram,           {FAMILY, UNCON,  FAMILY, TYPE,   UNCON,  1,      TYPE}},
    {"unix datagram pair", unix_datagram_pair, {FAMILY, FAMILY, FAMILY, TYPE,   TYPE,   1,      TYPE}},
    {"unix seqpacket", unix_seqpacket_listener, {FAMILY, UNCON, FAMILY, TYPE,   UNCON,  TYPE,   1}},
    {"unix seqpacket pair", unix_seqpacket_pair, {FAMILY, FAMILY, FAMILY, TYPE, TYPE,   TYPE,   IDLE}},
    {"fifo", fifo,                             {FILE_,  FILE_,  FILE_,  FILE_,  FILE_,  FILE_,  FILE_}},
    {"regular file", regular_file,             {FILE_,  FILE_,  FILE_,  FILE_,  FILE_,  FILE_,  FILE_}},
    {"special file", special_file,             {FILE_,  FILE_,  FILE_,  FILE_,  FILE_,  FILE_,  FILE_}},
    {"directory", directory,                   {FILE_,  FILE_,  FILE_,  FILE_,  FILE_,  FILE_,  FILE_}},
};
/* clang-format on */

static void check_take(struct listenfd *lfd, const struct row *row, size_t column, int expected)
{
    listenfd_socket fd = 4711;
    int result;

    errno = 4712;
    result = takers[column](lfd, 0, &fd);
    if (result != expected)
        print_message("%s, column %zu: %d (%s), expected %d\n", row->what, column, result,
                      listenfd_strerror(result), expected);
    assert_int_equal(result, expected);
    assert_int_equal(errno, 4712);
    if (result != 1)
        assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    if (result < 0)
        assert_non_null(strstr(listenfd_message(lfd), listenfd_strerror(result)));
}

/* Refused by every wrong call, it is still there for the right one, and then for none. */
static void check_row(const struct row *row, int passed)
{
    int first = pass_one(passed);
    struct listenfd *lfd = receive_passed(0);
    size_t right = NAMED_KINDS; /* raw */
    listenfd_socket fd;

    for (size_t column = 0; column < NAMED_KINDS; column++)
        if (row->results[column] == 1)
            right = column;
        else
            check_take(lfd, row, column, row->results[column]);
    assert_int_equal(takers[right](lfd, 0, &fd), 1);
    assert_int_equal(fd, first);
    for (size_t column = 0; column < TAKERS; column++)
        check_take(lfd, row, column, 0);
    listenfd_free(lfd);
    assert_true(is_open_descriptor(first));
    close(first);
}

static void check_raw(const struct row *row, int passed)
{
    int first = pass_one(passed);
    struct listenfd *lfd = receive_passed(0);
    listenfd_socket fd;

    if (listenfd_take_raw(lfd, 0, &fd) != 1)
        fail_msg("%s", row->what);
    assert_int_equal(fd, first);
    listenfd_free(lfd);
    close(fd);
}

static int is_optional(const struct row *row)
{
    return row->open == mptcp_listener || row->open == udplite || row->open == raw_icmp;
}

static void test_matrix(void **state)
{
    (void)state;
    for (const struct row *row = rows; row < rows + sizeof rows / sizeof rows[0]; row++) {
        if (is_optional(row))
            continue;
        check_row(row, row->open());
        check_raw(row, row->open());
    }
}

/* TCP or unix, whatever the first two named takers would have taken. */
static void test_stream_listener(void **state)
{
    (void)state;
    for (const struct row *row = rows; row < rows + sizeof rows / sizeof rows[0]; row++) {
        int wanted = 0, result;
        struct listenfd *lfd;
        listenfd_socket fd;

        if (is_optional(row))
            continue;
        for (size_t column = 0; column < NAMED_KINDS; column++)
            if (takers[column] == listenfd_take_tcp_listener ||
                takers[column] == listenfd_take_unix_listener)
                wanted |= row->results[column] == 1;
        pass_one(row->open());
        lfd = receive_passed(0);
        result = listenfd_take_stream_listener(lfd, 0, &fd);
        if ((result == 1) != wanted || (!wanted && result >= 0))
            fail_msg("%s: %d (%s)", row->what, result, listenfd_strerror(result));
        listenfd_free(lfd);
        if (result == 1)
            close(fd);
    }
}

static void check_optional(int (*open)(void), const char *why)
{
    int fd = open();

    if (fd < 0)
        skip_because("%s", why);
    for (const struct row *row = rows; row < rows + sizeof rows / sizeof rows[0]; row++)
        if (row->open == open)
            check_row(row, fd);
}

static void test_mptcp_is_tcp(void **state)
{
    (void)state;
    check_optional(mptcp_listener, "this kernel has no MPTCP");
}

static void test_udplite_is_not_udp(void **state)
{
    (void)state;
    check_optional(udplite, "this kernel has no UDP-Lite");
}

static void test_raw_socket_is_not_tcp(void **state)
{
    (void)state;
    check_optional(raw_icmp, "raw sockets are not permitted here");
}

/* ---- take_custom ---- */

struct filter {
    int family, type, protocol, listening;
    int result;
};

static void check_filter(int (*open)(void), const struct filter *filter)
{
    int first = pass_one(open());
    struct listenfd *lfd = receive_passed(0);
    listenfd_socket fd = 4711;
    int result;

    errno = 4712;
    result = listenfd_take_custom(lfd, 0, filter->family, filter->type, filter->protocol,
                                  filter->listening, &fd);
    if (result != filter->result)
        print_message("filter %d %d %d %d: %d (%s)\n", filter->family, filter->type,
                      filter->protocol, filter->listening, result, listenfd_strerror(result));
    assert_int_equal(result, filter->result);
    assert_int_equal(errno, 4712);
    assert_int_equal(fd, result == 1 ? first : LISTENFD_INVALID_SOCKET);
    listenfd_free(lfd);
    if (result == 1)
        close(fd);
}

#define FILTER(open, ...) check_filter(open, &(struct filter){__VA_ARGS__})

static void test_custom_any(void **state)
{
    (void)state;
    FILTER(tcp4_listener, 0, 0, 0, -1, 1);
    FILTER(tcp4_listener, -1, -1, -1, -1, 1);
    FILTER(udp6, -1, 0, -1, -1, 1);
    FILTER(netlink_socket, 0, -1, 0, -1, 1);
}

static void test_custom_one_property(void **state)
{
    (void)state;
    FILTER(tcp4_listener, AF_INET, 0, 0, -1, 1);
    FILTER(tcp4_listener, AF_INET6, 0, 0, -1, LISTENFD_EFAMILY);
    FILTER(tcp6_listener, AF_INET, 0, 0, -1, LISTENFD_EFAMILY);
    FILTER(tcp4_listener, 0, SOCK_STREAM, 0, -1, 1);
    FILTER(tcp4_listener, 0, SOCK_DGRAM, 0, -1, LISTENFD_ETYPE);
    FILTER(udp4, 0, SOCK_DGRAM, 0, -1, 1);
    FILTER(tcp4_listener, 0, 0, IPPROTO_TCP, -1, 1);
    FILTER(udp4, 0, 0, IPPROTO_TCP, -1, LISTENFD_EPROTOCOL);
    FILTER(udp4, 0, 0, IPPROTO_UDP, -1, 1);
    FILTER(tcp4_listener, 0, 0, 0, 1, 1);
    FILTER(tcp4_listener, 0, 0, 0, 0, LISTENFD_ELISTENING);
    FILTER(idle_tcp4, 0, 0, 0, 1, LISTENFD_ENOTLISTENING);
    FILTER(idle_tcp4, 0, 0, 0, 0, 1);
    FILTER(udp4, 0, 0, 0, 0, 1);
}

static void test_custom_all_properties(void **state)
{
    (void)state;
    FILTER(tcp6_listener, AF_INET6, SOCK_STREAM, IPPROTO_TCP, 1, 1);
    FILTER(tcp6_listener, AF_INET, SOCK_STREAM, IPPROTO_TCP, 1, LISTENFD_EFAMILY);
    FILTER(tcp6_listener, AF_INET6, SOCK_DGRAM, IPPROTO_TCP, 1, LISTENFD_ETYPE);
    FILTER(tcp6_listener, AF_INET6, SOCK_STREAM, IPPROTO_SCTP, 1, LISTENFD_EPROTOCOL);
    FILTER(tcp6_listener, AF_INET6, SOCK_STREAM, IPPROTO_TCP, 0, LISTENFD_ELISTENING);
    FILTER(idle_tcp6, AF_INET6, SOCK_STREAM, IPPROTO_TCP, 1, LISTENFD_ENOTLISTENING);
    FILTER(udp4, AF_INET, SOCK_DGRAM, IPPROTO_UDP, 0, 1);
    FILTER(netlink_socket, AF_NETLINK, SOCK_RAW, -1, 0, 1);
    FILTER(unix_seqpacket_pair, AF_UNIX, SOCK_SEQPACKET, 0, 0, 1);
}

static void test_custom_wants_a_socket(void **state)
{
    (void)state;
    FILTER(fifo, AF_UNIX, 0, 0, -1, LISTENFD_ENOTSOCKET);
    FILTER(fifo, 0, SOCK_STREAM, 0, -1, LISTENFD_ENOTSOCKET);
    FILTER(regular_file, 0, 0, IPPROTO_TCP, -1, LISTENFD_ENOTSOCKET);
    FILTER(special_file, 0, 0, 0, 0, LISTENFD_ENOTSOCKET);
}

static int prepare(void **state)
{
    (void)state;
    clear_variables();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix),
        cmocka_unit_test(test_stream_listener),
        cmocka_unit_test(test_mptcp_is_tcp),
        cmocka_unit_test(test_udplite_is_not_udp),
        cmocka_unit_test(test_raw_socket_is_not_tcp),
        cmocka_unit_test(test_custom_any),
        cmocka_unit_test(test_custom_one_property),
        cmocka_unit_test(test_custom_all_properties),
        cmocka_unit_test(test_custom_wants_a_socket),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
