/* SPDX-License-Identifier: MIT
 * listenfd_find_address: which spellings are understood, and which sockets they find. */
#include "listenfd.h"

#include "folder.h"
#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static const size_t NONE = LISTENFD_NOT_FOUND;

static size_t find(struct listenfd *lfd, const char *address, size_t from)
{
    size_t index;

    errno = 4711;
    index = listenfd_find_address(lfd, address, from);
    assert_int_equal(errno, 4711);
    return index;
}

static struct listenfd *pass_these(const int *sockets, size_t count)
{
    clear_variables();
    pass(sockets, count);
    return receive_passed(0);
}

static int is_refused(struct listenfd *lfd)
{
    return strstr(listenfd_message(lfd), "is not an address") != NULL;
}

/* ---- Spellings ---- */

static const char long_text[] =
    "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]:80";

static const char *const understood[] = {
    "127.0.0.1:0",
    "127.0.0.1:1",
    "127.0.0.1:080",
    "127.0.0.1:0000000000000000000080",
    "127.0.0.1:65535",
    "255.255.255.255:80",
    "0.0.0.0:80",
    ":0",
    ":1",
    ":65535",
    "[::]:80",
    "[::1]:80",
    "[0:0:0:0:0:0:0:1]:80",
    "[FE80::ABCD]:80",
    "[::ffff:255.255.255.255]:80",
    "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:80", /* the longest host */
    "*:80",
    "[fe80::1%lo]:80",
    "[fe80::1%1]:80",
    "/",
    "/no/such/x.sock",
    "./no-such.sock",
    "../no-such.sock",
    "run/x.sock",
    "127.0.0.1:80/tcp", /* so is this a path */
    "unix:/run/x.sock", /* a folder named "unix:" */
#ifdef __linux__
    "@no-such",
    "unix::@x",
    "@x,backlog=7",
#endif
    "/no\\,such",
    "/no\\\\such",
    "/no\\such",
    /* types */
    "tcp::127.0.0.1:80",
    "http::127.0.0.1:80",
    "https::[::1]:80",
    "tcp6::[::1]:80",
    "tcp6:::80",
    "udp6::*:80",
    "udp::127.0.0.1:80",
    "unix::x.sock",
    "unix-datagram::x.sock",
    "unix-seqpacket::/x.sock",
    /* options */
    ":80,v6only",
    "[::1]:80,v6only,reuseport,backlog=1",
    "127.0.0.1:80,backlog=2147483647",
    "udp::127.0.0.1:80,reuseport",
    "/x.sock,mode=0",
    "/x.sock,mode=0777,backlog=7",
    "unix-datagram::x,mode=660",
};

static const char *const refused[] = {
    /* the port */
    "",
    ":",
    "80",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1: 80",
    "127.0.0.1:80 ",
    "127.0.0.1:80\n",
    "127.0.0.1:+80",
    "127.0.0.1:-1",
    "127.0.0.1:0x50",
    "127.0.0.1:8o",
    "127.0.0.1:http",
    "127.0.0.1:65536",
    "127.0.0.1:65616", /* 80 + 2^16 */
    "127.0.0.1:4294967376",
    "127.0.0.1:18446744073709551696",
    ":65536",
    ": 80",
    "tcp::127.0.0.1:80/tcp",
    /* the host */
    " :80",
    " 127.0.0.1:80",
    "127.0.0.1 :80",
    "\t127.0.0.1:80",
    "127.1:80",
    "127.0.0.256:80",
    "127.0.0.1.1:80",
    "127.0.0.01:80",
    "0x7f.0.0.1:80",
    "2130706433:80",
    "localhost:80",
    "**:80",
    "127.0.0.1:80:90",
    ":80:90",
    long_text + 1,
    /* brackets */
    "::1",
    "::1:80",
    ":::80",
    "::ffff:127.0.0.1:80",
    "[::1]",
    "[::1]80",
    "[::1]:",
    "[::1] :80",
    "[ ::1]:80",
    "[::1 ]:80",
    "[::1:80",
    "::1]:80",
    "[:80",
    "]:80",
    "[]:80",
    "[[::1]]:80",
    "[127.0.0.1]:80",
    "[:::1]:80",
    "[g::1]:80",
    "[localhost]:80",
    "[fffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:80",
    "[fe80::1%]:80",
    "[fe80::1%no-such-interface]:80",
    "127.0.0.1%lo:80",
    /* paths that do not look like one */
    "x.sock",
    ".",
    "\\0abstract",
    "unix::",
    "@",
    "unix-datagram::@",
    long_text,
    /* types */
    "x::80",
    "TCP::127.0.0.1:80",
    "tcp4::127.0.0.1:80",
    "tcp:127.0.0.1:80",
    "tcp::80",
    "tcp::/run/x.sock",
    "tcp6::127.0.0.1:80",
    "udp6::0.0.0.0:80",
    "unix-stream::/x",
    /* options */
    ":80,",
    ":80,v6",
    ":80,v6only=1",
    ":80,v6only,v6only",
    "tcp6:::80,v6only",
    "127.0.0.1:80,v6only",
    ":80,mode=600",
    ":80,backlog=0",
    ":80,backlog=-1",
    ":80,backlog=2147483648",
    ":80,backlog=",
    ":80,backlog=5,backlog=5",
    "udp:::80,backlog=5",
    "/x.sock,mod=600",
    "/x.sock,mode=600,user=x",
    "/x.sock,mode=600, mode=600",
    "/x.sock,mode=8",
    "/x.sock,mode=1000",
    "/x.sock,mode=",
    "/x.sock,v6only",
    "/x.sock,reuseport",
    "/x.sock,an-option-that-is-longer-than-any-that-exists",
    "@x,mode=600",
    "unix-datagram::x,backlog=5",
};

static void check_spelling(struct listenfd *lfd, const char *text, int is_understood)
{
    assert_true(find(lfd, text, 0) == NONE);
    if (is_refused(lfd) == is_understood)
        fail_msg("'%s': %s", text, listenfd_message(lfd));
    if (is_understood)
        assert_non_null(strstr(listenfd_message(lfd), "is bound to"));
}

static void test_spellings(void **state)
{
    int socket = unix_socket(SOCK_STREAM, abstract_name("spellings"));
    struct listenfd *lfd = pass_these(&socket, 1);

    (void)state;
    for (size_t i = 0; i < sizeof understood / sizeof understood[0]; i++)
        check_spelling(lfd, understood[i], 1);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        check_spelling(lfd, refused[i], 0);
    listenfd_free(lfd);
}

/* ---- Internet addresses ---- */

struct meeting {
    const char *bound;  /* the host of the socket */
    const char *wanted; /* %d is its port */
    int found;
};

static void check_meeting(int type, const struct meeting *row)
{
    int socket = internet_socket(type, row->bound);
    char address[64];
    struct listenfd *lfd;

    snprintf(address, sizeof address, row->wanted, port_of_socket(socket));
    lfd = pass_these(&socket, 1);
    if ((find(lfd, address, 0) == 0) != row->found)
        fail_msg("%s, bound to %s: %s", address, row->bound, listenfd_message(lfd));
    assert_false(is_refused(lfd));
    listenfd_free(lfd);
}

static const struct meeting meetings[] = {
    {"127.0.0.1", "127.0.0.1:%d", 1},
    {"127.0.0.1", "127.0.0.1:0%d", 1},
    {"127.0.0.1", ":%d", 1},
    {"127.0.0.1", "127.0.0.2:%d", 0},
    {"127.0.0.1", "0.0.0.0:%d", 0},
    {"127.0.0.1", "[::1]:%d", 0},
    {"127.0.0.1", "[::]:%d", 0},
    {"127.0.0.1", "127.0.0.1:0", 0},
    {"127.0.0.1", ":0", 0},
    {"127.0.0.1", "127.0.0.1:1", 0},
    {"::1", "[::1]:%d", 1},
    {"::1", "[0:0::0:1]:%d", 1},
    {"::1", ":%d", 1},
    {"::1", "[::2]:%d", 0},
    {"::1", "[::]:%d", 0},
    {"::1", "0.0.0.1:%d", 0},
    {"::1", "127.0.0.1:%d", 0},
    {"::1", "[::1%%1]:%d", 1}, /* the kernel keeps no scope there */
    {"::1", "[::2%%1]:%d", 0},
    /* v4-mapped, both ways */
    {"127.0.0.1", "[::ffff:127.0.0.1]:%d", 1},
    {"127.0.0.1", "[::FFFF:7f00:1]:%d", 1},
    {"127.0.0.1", "[::127.0.0.1]:%d", 0},
    {"127.0.0.1", "[::ffff:127.0.0.2]:%d", 0},
    {"::ffff:127.0.0.1", "127.0.0.1:%d", 1},
    {"::ffff:127.0.0.1", "[::ffff:127.0.0.1]:%d", 1},
    {"::ffff:127.0.0.1", "127.0.0.2:%d", 0},
    {"::ffff:127.0.0.1", ":%d", 1},
    /* any-addresses */
    {"0.0.0.0", "0.0.0.0:%d", 1},
    {"0.0.0.0", "[::ffff:0.0.0.0]:%d", 1},
    {"0.0.0.0", ":%d", 1},
    {"0.0.0.0", "[::]:%d", 0},
    {"0.0.0.0", "127.0.0.1:%d", 0},
    {"::", "[::]:%d", 1},
    {"::", ":%d", 1},
    {"::", "0.0.0.0:%d", 0},
    {"::", "[::1]:%d", 0},
};

static void test_internet_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof meetings / sizeof meetings[0]; i++) {
        check_meeting(SOCK_STREAM, &meetings[i]);
        check_meeting(SOCK_DGRAM, &meetings[i]);
    }
}

/* A UDP socket on the port of that TCP socket, or -1. */
static int udp_beside(int tcp)
{
    struct sockaddr_in where;
    socklen_t size = sizeof where;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(getsockname(tcp, (struct sockaddr *)&where, &size), 0);
    if (bind(fd, (struct sockaddr *)&where, size) == 0)
        return fd;
    close(fd);
    return -1;
}

static void check_typed(struct listenfd *lfd, const char *type, const char *address,
                        size_t expected)
{
    char text[80];
    int is_ipv6_type = strchr(type, '6') != NULL;

    snprintf(text, sizeof text, "%s::%s", type, is_ipv6_type ? strrchr(address, ':') : address);
    if (find(lfd, text, 0) != expected)
        fail_msg("%s: %s", text, listenfd_message(lfd));
}

static void test_udp_and_tcp_on_one_port(void **state)
{
    int sockets[2] = {-1, -1};
    listenfd_socket fd;
    char address[64];
    struct listenfd *lfd;

    (void)state;
    while (sockets[1] < 0) { /* until a port is free for both */
        close(sockets[0]);
        sockets[0] = internet_socket(SOCK_STREAM, "127.0.0.1");
        sockets[1] = udp_beside(sockets[0]);
    }
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of_socket(sockets[0]));
    lfd = pass_these(sockets, 2);
    assert_int_equal(find(lfd, address, 0), 0);
    assert_int_equal(find(lfd, address, 1), 1);
    assert_true(find(lfd, address, 2) == NONE);
    check_typed(lfd, "tcp", address, 0);
    check_typed(lfd, "http", address, 0);
    check_typed(lfd, "udp", address, 1);
    check_typed(lfd, "tcp6", address, NONE);
    assert_int_equal(listenfd_take_udp_socket(lfd, 1, &fd), 1);
    check_typed(lfd, "udp", address, NONE);
    listenfd_free(lfd);
    close(fd);
}

static void test_from_and_taken(void **state)
{
    int sockets[3], launchers;
    listenfd_socket fd;
    char address[64];
    struct listenfd *lfd;

    (void)state;
    sockets[0] = internet_socket(SOCK_STREAM, "127.0.0.1");
    sockets[1] = internet_socket(SOCK_STREAM, "127.0.0.1");
    sockets[2] = dup(sockets[0]);
    launchers = dup(sockets[0]);
    snprintf(address, sizeof address, ":%d", port_of_socket(launchers));
    lfd = pass_these(sockets, 3);
    assert_int_equal(find(lfd, address, 0), 0);
    assert_int_equal(find(lfd, address, 1), 2);
    assert_true(find(lfd, address, 3) == NONE);
    assert_true(find(lfd, address, LISTENFD_NOT_FOUND) == NONE);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    assert_int_equal(find(lfd, address, 0), 2);
    listenfd_free(lfd);
    close(fd);
    close(launchers);
}

/* ---- Unix names ---- */

/* Bound to just these bytes. */
static int unix_bytes(const char *bytes, size_t length)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(length <= sizeof where.sun_path);
    memcpy(where.sun_path, bytes, length);
    assert_int_equal(bind(fd, (struct sockaddr *)&where,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static size_t find_bytes(struct listenfd *lfd, const char *bytes, size_t length)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};

    memcpy(where.sun_path, bytes, length);
    return listenfd_find_sockaddr(lfd, 0, (struct sockaddr *)&where,
                                  offsetof(struct sockaddr_un, sun_path) + length, 0);
}

/* Each test of paths runs in a folder of its own. */
static int enter_folder(void **state)
{
    char *folder = folder_create();

    *state = folder;
    return chdir(folder);
}

static int leave_folder(void **state)
{
    assert_int_equal(chdir("/"), 0);
    folder_remove(*state);
    return 0;
}

static void check_path(struct listenfd *lfd, const char *folder, const char *name, size_t expected)
{
    char *path = path_in(folder, name);

    if (find(lfd, path, 0) != expected)
        fail_msg("%s: %s", path, listenfd_message(lfd));
    free(path);
}

static void test_path(void **state)
{
    char *path = path_in(*state, "x.sock");
    int socket = unix_socket(SOCK_STREAM, path);
    struct listenfd *lfd = pass_these(&socket, 1);

    assert_int_equal(find(lfd, path, 0), 0);
    check_path(lfd, *state, "x.soc", NONE);
    check_path(lfd, *state, "x.sock2", NONE);
    check_path(lfd, *state, "", NONE);
    assert_true(find(lfd, "/proc/version", 0) == NONE); /* on another device */
    unlink(path); /* the name is what it was bound to, file or no file */
    assert_int_equal(find(lfd, path, 0), 0);
    check_path(lfd, *state, "", NONE);
    listenfd_free(lfd);
    free(path);
}

static void test_other_spellings_of_a_path(void **state)
{
    char *path = path_in(*state, "x.sock");
    int socket = unix_socket(SOCK_DGRAM, path);
    struct listenfd *lfd = pass_these(&socket, 1);

    assert_int_equal(symlink(".", "folder"), 0);
    assert_int_equal(symlink("x.sock", "link"), 0);
    assert_int_equal(find(lfd, "./x.sock", 0), 0);
    assert_int_equal(find(lfd, ".//folder/x.sock", 0), 0);
    check_path(lfd, *state, "folder/x.sock", 0);
    check_path(lfd, *state, "./x.sock", 0);
    check_path(lfd, *state, "/link", 0);
    check_path(lfd, *state, "folder", NONE);
    listenfd_free(lfd);
    free(path);
}

static void test_relative_path(void **state)
{
    char *path = path_in(*state, "x.sock");
    int socket = unix_socket(SOCK_STREAM, "x.sock"); /* the launcher bound it so */
    struct listenfd *lfd = pass_these(&socket, 1);

    assert_int_equal(find(lfd, "./x.sock", 0), 0);
    assert_int_equal(find(lfd, path, 0), 0);
    listenfd_free(lfd);
    free(path);
}

/* Linux allows a path that fills sun_path, without a NUL. As a text it is too long. */
static void test_longest_path(void **state)
{
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path + 1];
    int length = snprintf(path, sizeof path, "%s/", (char *)*state), socket;
    struct listenfd *lfd;

    memset(path + length, 'x', sizeof path - (size_t)length);
    path[sizeof path - 1] = '\0';
    socket = unix_bytes(path, sizeof path - 1);
    lfd = pass_these(&socket, 1);
    assert_true(find(lfd, path, 0) == NONE);
    assert_true(is_refused(lfd));
    assert_int_equal(find_bytes(lfd, path, sizeof path - 1), 0);
    assert_true(find_bytes(lfd, path, sizeof path - 2) == NONE);
    listenfd_free(lfd);
}

static void check_abstract(struct listenfd *lfd, const char *format, const char *name,
                           size_t expected)
{
    char text[80];

    snprintf(text, sizeof text, format, name);
    if (find(lfd, text, 0) != expected)
        fail_msg("%s: %s", text, listenfd_message(lfd));
}

static void test_abstract(void **state)
{
    const char *name = abstract_name("x");
    int socket = unix_socket(SOCK_STREAM, name);
    struct listenfd *lfd = pass_these(&socket, 1);

    (void)state;
    check_abstract(lfd, "%s", name, 0);
    check_abstract(lfd, "%sx", name, NONE);
    check_abstract(lfd, "%.9s", name, NONE);
    check_abstract(lfd, "%.1s", name, NONE);
    check_abstract(lfd, "./%s", name, NONE);
    check_abstract(lfd, "/%s", name, NONE);
    listenfd_free(lfd);
}

static void test_abstract_with_a_nul(void **state)
{
    const char *name = abstract_name("x");
    char bytes[80] = {0};
    int socket;
    struct listenfd *lfd;

    (void)state;
    strcpy(bytes + 1, name + 1);
    socket = unix_bytes(bytes, strlen(name) + 4);
    lfd = pass_these(&socket, 1);
    check_abstract(lfd, "%s", name, NONE);
    listenfd_free(lfd);
}

static void test_abstract_is_no_path(void **state)
{
    const char *name = abstract_name("x");
    int sockets[2];
    struct listenfd *lfd;

    sockets[0] = unix_bytes(name, strlen(name) + 1); /* a file of that name, in this folder */
    sockets[1] = unix_socket(SOCK_STREAM, name);
    assert_int_equal(access(name, F_OK), 0);
    lfd = pass_these(sockets, 2);
    check_abstract(lfd, "%s", name, 1);
    check_abstract(lfd, "./%s", name, 0);
    check_path(lfd, *state, name, 0);
    listenfd_free(lfd);
}

static void test_unnamed(void **state)
{
    int sockets[2];
    struct listenfd *lfd;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    lfd = pass_these(sockets, 2);
    assert_true(find(lfd, "./", 0) == NONE);
    assert_true(find(lfd, "/", 0) == NONE);
    assert_true(find(lfd, ":0", 0) == NONE);
    listenfd_free(lfd);
}

/* ---- Not found ---- */

static void test_other_descriptors_are_passed_over(void **state)
{
    int sockets[3], ends[2], first;
    char address[64];
    struct listenfd *lfd;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    sockets[0] = ends[0];
    sockets[1] = internet_socket(SOCK_STREAM, "127.0.0.1");
    sockets[2] = internet_socket(SOCK_STREAM, "127.0.0.1");
    snprintf(address, sizeof address, ":%d", port_of_socket(sockets[2]));
    clear_variables();
    first = pass(sockets, 3);
    lfd = receive_passed(0);
    close(first + 1);
    assert_int_equal(find(lfd, address, 0), 2);
    listenfd_free(lfd);
}

static void test_message_when_not_found(void **state)
{
    struct listenfd *lfd;
    listenfd_socket fd = 4711;

    (void)state;
    pass_listeners(2, NULL);
    lfd = receive_passed(0);
    assert_true(find(lfd, "[::1]:80", 0) == NONE);
    assert_non_null(strstr(listenfd_message(lfd), "none of the 2 sockets"));
    assert_non_null(strstr(listenfd_message(lfd), "[::1]:80"));
    assert_true(find(lfd, "localhost:80", 0) == NONE);
    assert_non_null(strstr(listenfd_message(lfd), "'localhost:80' is not an address"));
    assert_int_equal(listenfd_take_tcp_listener(lfd, NONE, &fd), 0);
    assert_non_null(strstr(listenfd_message(lfd), "localhost")); /* still the reason */
    listenfd_free(lfd);
}

/* An interface is shown by its name, or by its number where it has none. */
static void check_scope(struct listenfd *lfd, uint32_t scope, const char *shown)
{
    struct sockaddr_in6 where = {
        .sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_scope_id = scope};

    assert_int_equal(inet_pton(AF_INET6, "fe80::1", &where.sin6_addr), 1);
    assert_true(listenfd_find_sockaddr(lfd, SOCK_STREAM, (struct sockaddr *)&where, sizeof where,
                                       0) == NONE);
    assert_non_null(strstr(listenfd_message(lfd), shown));
}

static void test_sockaddr(void **state)
{
    int sockets[] = {internet_socket(SOCK_STREAM, "127.0.0.1"), internet_socket(SOCK_DGRAM, "::1")};
    struct sockaddr_storage where[2];
    struct listenfd *lfd;
    socklen_t size;

    (void)state;
    for (int i = 0; i < 2; i++) {
        size = sizeof where[i];
        assert_int_equal(getsockname(sockets[i], (struct sockaddr *)&where[i], &size), 0);
    }
    lfd = pass_these(sockets, 2);
    errno = 4711;
    assert_int_equal(
        listenfd_find_sockaddr(lfd, 0, (struct sockaddr *)&where[0], sizeof where[0], 0), 0);
    assert_int_equal(
        listenfd_find_sockaddr(lfd, SOCK_DGRAM, (struct sockaddr *)&where[1], sizeof where[1], 0),
        1);
    assert_true(listenfd_find_sockaddr(lfd, SOCK_STREAM, (struct sockaddr *)&where[1],
                                       sizeof where[1], 0) == NONE);
    assert_true(listenfd_find_sockaddr(lfd, 0, NULL, 0, 0) == NONE);
    assert_true(listenfd_find_sockaddr(lfd, 0, (struct sockaddr *)where, 4096, 0) == NONE);
    assert_true(listenfd_find_sockaddr(NULL, 0, (struct sockaddr *)where, sizeof *where, 0) ==
                NONE);
    check_scope(lfd, 1, "'[fe80::1%lo]:80'");
    check_scope(lfd, 4000000000U, "'[fe80::1%4000000000]:80'");
    assert_int_equal(errno, 4711);
    listenfd_free(lfd);
}

static void test_address_is_null(void **state)
{
    struct listenfd *lfd;

    (void)state;
    pass_listeners(1, NULL);
    lfd = receive_passed(0);
    assert_true(find(lfd, NULL, 0) == NONE);
    assert_string_not_equal(listenfd_message(lfd), "");
    listenfd_free(lfd);
}

static void test_nothing_passed(void **state)
{
    struct listenfd *lfd;

    (void)state;
    clear_variables();
    lfd = listenfd_from_env(0);
    assert_true(find(lfd, ":80", 0) == NONE);
    assert_non_null(strstr(listenfd_message(lfd), "LISTEN_FDS is not set"));
    listenfd_free(lfd);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_internet_addresses),
        cmocka_unit_test(test_udp_and_tcp_on_one_port),
        cmocka_unit_test(test_from_and_taken),
        IN_A_FOLDER(test_path),
        IN_A_FOLDER(test_other_spellings_of_a_path),
        IN_A_FOLDER(test_relative_path),
        IN_A_FOLDER(test_longest_path),
        cmocka_unit_test(on_linux(test_abstract)),
        cmocka_unit_test(test_abstract_with_a_nul),
        IN_A_FOLDER(on_linux(test_abstract_is_no_path)),
        cmocka_unit_test(test_unnamed),
        cmocka_unit_test(test_other_descriptors_are_passed_over),
        cmocka_unit_test(test_message_when_not_found),
        cmocka_unit_test(test_sockaddr),
        cmocka_unit_test(test_address_is_null),
        cmocka_unit_test(test_nothing_passed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
