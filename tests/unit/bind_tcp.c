/* SPDX-License-Identifier: MIT
 * listenfd_take_or_bind: the passed socket, or one bound here, or the reason why neither. */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct listenfd *nothing_passed(unsigned flags)
{
    struct listenfd *lfd;

    clear_variables();
    lfd = listenfd_from_env(flags);
    assert_int_equal(listenfd_status(lfd), LISTENFD_NONE);
    return lfd;
}

/* Bound here, which leaves errno alone. */
static int bind_tcp(struct listenfd *lfd, const char *address)
{
    listenfd_socket fd = 4711;
    int result;

    errno = 4712;
    result = listenfd_take_or_bind(lfd, 0, address, &fd);
    if (result != LISTENFD_BOUND)
        fail_msg("%s: %d: %s", address, result, listenfd_message(lfd));
    assert_int_equal(errno, 4712);
    assert_true(fd >= 0);
    return fd;
}

/* Not bound; no descriptor is left behind. */
static void check_failure(struct listenfd *lfd, const char *address, int code, int error)
{
    size_t before = count_descriptors();
    listenfd_socket fd = 4711;
    int result;

    errno = 4712;
    result = listenfd_take_or_bind(lfd, 0, address, &fd);
    if (result != code || errno != error)
        fail_msg("%s: %d, errno %d: %s", address, result, errno, listenfd_message(lfd));
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_int_equal(count_descriptors(), before);
    if (lfd)
        assert_non_null(strstr(listenfd_message(lfd), address ? address : "NULL"));
}

static int option_of(int fd, int level, int option)
{
    socklen_t size = sizeof(int);
    int value;

    assert_int_equal(getsockopt(fd, level, option, &value, &size), 0);
    return value;
}

static unsigned system_setting(const char *path)
{
    FILE *file = fopen(path, "r");
    unsigned value = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%u", &value), 1);
    fclose(file);
    return value;
}

/* Does connecting to that host reach this listener? */
static int is_reached(int listener, const char *host)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in in = {.sin_family = AF_INET};
    int is_v6 = strcmp(host, "::1") == 0, result;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in.sin_port = in6.sin6_port = htons((uint16_t)port_of_socket(listener));
    result = is_v6 ? connect(fd, (struct sockaddr *)&in6, sizeof in6)
                   : connect(fd, (struct sockaddr *)&in, sizeof in);
    close(fd);
    return result == 0;
}

/* ---- Passed ---- */

static void test_passed(void **state)
{
    int first = pass_listeners(2, NULL);
    struct listenfd *lfd = receive_passed(0);
    listenfd_socket fd;

    (void)state;
    assert_int_equal(listenfd_take_or_bind(lfd, 1, "127.0.0.1:0", &fd), LISTENFD_TAKEN);
    assert_int_equal(fd, first + 1);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, ":1", &fd), LISTENFD_TAKEN);
    assert_int_equal(fd, first);
    listenfd_free(lfd);
    close(first);
    close(first + 1);
}

static void test_one_more_than_passed(void **state)
{
    int first = pass_listeners(1, NULL), own;
    struct listenfd *lfd = receive_passed(0);
    listenfd_socket fd;

    (void)state;
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "127.0.0.1:0", &fd), LISTENFD_TAKEN);
    own = bind_tcp(lfd, "127.0.0.1:0"); /* taken already */
    assert_int_equal(listenfd_take_or_bind(lfd, 1, "127.0.0.1:0", &fd), LISTENFD_BOUND);
    close(fd);
    assert_int_equal(listenfd_take_or_bind(lfd, LISTENFD_NOT_FOUND, "127.0.0.1:0", &fd),
                     LISTENFD_BOUND);
    close(fd);
    listenfd_free(lfd);
    assert_true(is_reached(own, "127.0.0.1"));
    close(own);
    close(first);
}

/* ---- Bound here ---- */

static void test_bound(void **state)
{
    struct listenfd *lfd = nothing_passed(0);
    int fd = bind_tcp(lfd, "127.0.0.1:0");

    (void)state;
    listenfd_free(lfd);
    assert_true(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN));
    assert_true(option_of(fd, SOL_SOCKET, SO_REUSEADDR));
    assert_false(option_of(fd, SOL_SOCKET, SO_REUSEPORT));
    assert_true(is_cloexec(fd));
    assert_false(is_nonblocking(fd));
    assert_true(is_reached(fd, "127.0.0.1"));
    assert_false(is_reached(fd, "::1"));
    close(fd);
}

static void test_bound_to_the_wanted_port(void **state)
{
    int other = internet_socket(SOCK_STREAM, "127.0.0.1"), port = port_of_socket(other), fd;
    char address[32];

    (void)state;
    close(other);
    snprintf(address, sizeof address, "127.0.0.1:0%d", port);
    fd = bind_tcp(NULL, address);
    assert_int_equal(port_of_socket(fd), port);
    close(fd);
}

/* The server before has closed its side first: the port is in TIME_WAIT. */
static void test_bound_after_a_restart(void **state)
{
    int first = bind_tcp(NULL, "127.0.0.1:0"), port = port_of_socket(first), client, connection;
    char address[32];

    (void)state;
    client = connect_port(port);
    connection = accept(first, NULL, NULL);
    close(first);
    close(connection);
    close(client);
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    close(bind_tcp(NULL, address));
}

static void test_backlog(void **state)
{
    int fd = bind_tcp(NULL, "127.0.0.1:0");
    struct tcp_info info;
    socklen_t size = sizeof info;
    unsigned limit = system_setting("/proc/sys/net/core/somaxconn");

    (void)state;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    if (size < offsetof(struct tcp_info, tcpi_sacked) + sizeof info.tcpi_sacked)
        skip_because("what the system tells of the backlog is cut off (qemu-user)");
    assert_int_equal(info.tcpi_sacked, limit < SOMAXCONN ? limit : SOMAXCONN);
    close(fd);
}

static void check_mode(unsigned flags, int nonblocking)
{
    struct listenfd *lfd = nothing_passed(flags);
    int fd = bind_tcp(lfd, "127.0.0.1:0");

    assert_int_equal(is_nonblocking(fd), nonblocking);
    assert_true(is_cloexec(fd));
    listenfd_free(lfd);
    close(fd);
}

static void test_modes(void **state)
{
    (void)state;
    check_mode(LISTENFD_NONBLOCK, 1);
    check_mode(LISTENFD_BLOCK, 0);
    check_mode(LISTENFD_KEEP, 0);
}

static void check_reach(const char *address, int by_v4, int by_v6)
{
    int fd = bind_tcp(NULL, address);

    assert_int_equal(is_reached(fd, "127.0.0.1"), by_v4);
    assert_int_equal(is_reached(fd, "::1"), by_v6);
    close(fd);
}

static void test_who_reaches_it(void **state)
{
    (void)state;
    check_reach(":0", 1, 1);
    check_reach("[::]:0", !system_setting("/proc/sys/net/ipv6/bindv6only"), 1);
    check_reach("[::1]:0", 0, 1);
    check_reach("0.0.0.0:0", 1, 0);
    check_reach("127.0.0.1:0", 1, 0);
}

/* listenfd_find_address takes it for 127.0.0.1, and so does this. */
static void test_v4_mapped(void **state)
{
    (void)state;
    if (system_setting("/proc/sys/net/ipv6/bindv6only"))
        skip_because("net.ipv6.bindv6only is set");
    check_reach("[::ffff:127.0.0.1]:0", 1, 0);
}

static void test_null_object_binds(void **state)
{
    int fd = bind_tcp(NULL, "127.0.0.1:0");

    (void)state;
    assert_true(is_cloexec(fd));
    assert_true(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN));
    close(fd);
}

/* ---- Neither ---- */

static void check_in_use(const char *holder, const char *format)
{
    int fd = internet_socket(SOCK_STREAM, holder);
    struct listenfd *lfd = nothing_passed(0);
    char address[64];

    snprintf(address, sizeof address, format, port_of_socket(fd));
    check_failure(lfd, address, LISTENFD_EINUSE, EADDRINUSE);
    assert_non_null(strstr(listenfd_message(lfd), strerror(EADDRINUSE)));
    check_failure(NULL, address, LISTENFD_EINUSE, EADDRINUSE);
    listenfd_free(lfd);
    close(fd);
}

static void test_in_use(void **state)
{
    (void)state;
    check_in_use("127.0.0.1", "127.0.0.1:%d");
    check_in_use("::1", "[::1]:%d");
    check_in_use("0.0.0.0", "127.0.0.1:%d");
    check_in_use("127.0.0.1", ":%d"); /* not on every address, then not at all */
    check_in_use("0.0.0.0", ":%d");
    check_in_use("::1", ":%d");
}

/* The usual reason for it: a shell came in between, and the launcher holds the port. */
static void test_in_use_by_the_launcher(void **state)
{
    int first = pass_listeners(1, NULL);
    struct listenfd *lfd;
    char address[32];

    (void)state;
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of_socket(first));
    setenv("LISTEN_PID", "1", 1);
    lfd = listenfd_from_env(0);
    check_failure(lfd, address, LISTENFD_EINUSE, EADDRINUSE);
    assert_non_null(strstr(listenfd_message(lfd), "LISTEN_PID is 1 but this process is"));
    listenfd_free(lfd);
    close(first);
}

static void test_passed_to_another_process_binds(void **state)
{
    int first = pass_listeners(1, NULL), fd;
    struct listenfd *lfd;

    (void)state;
    setenv("LISTEN_PID", "1", 1);
    lfd = listenfd_from_env(0);
    fd = bind_tcp(lfd, "127.0.0.1:0");
    assert_int_not_equal(fd, first);
    listenfd_free(lfd);
    close(fd);
    close(first);
}

static int free_port(void)
{
    int fd = internet_socket(SOCK_STREAM, "127.0.0.1"), port = port_of_socket(fd);

    close(fd);
    return port;
}

/* An error, not a reason to bind. */
static void check_wrong_kind(int passed, int code)
{
    char address[32];
    struct listenfd *lfd;
    size_t before;
    listenfd_socket fd = 4711;

    clear_variables();
    pass_one(passed);
    lfd = receive_passed(0);
    snprintf(address, sizeof address, "127.0.0.1:%d", free_port());
    before = count_descriptors();
    assert_int_equal(listenfd_take_or_bind(lfd, 0, address, &fd), code);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_int_equal(count_descriptors(), before);
    close(bind_tcp(NULL, address)); /* nobody else has */
    assert_int_equal(listenfd_take_raw(lfd, 0, &fd), 1);
    listenfd_free(lfd);
    close(fd);
}

static void test_wrong_kind(void **state)
{
    (void)state;
    check_wrong_kind(internet_socket(SOCK_DGRAM, "127.0.0.1"), LISTENFD_EPROTOCOL);
    check_wrong_kind(idle_internet_stream("127.0.0.1"), LISTENFD_ENOTLISTENING);
    check_wrong_kind(unix_socket(SOCK_STREAM, abstract_name("stream")), LISTENFD_EFAMILY);
    check_wrong_kind(dup(0), LISTENFD_ENOTSOCKET);
}

static void test_malformed_environment(void **state)
{
    struct listenfd *lfd;
    char address[32];
    listenfd_socket fd = 4711;

    (void)state;
    clear_variables();
    setenv("LISTEN_FDS", "one", 1);
    lfd = listenfd_from_env(0);
    snprintf(address, sizeof address, "127.0.0.1:%d", free_port());
    assert_int_equal(listenfd_take_or_bind(lfd, 0, address, &fd), LISTENFD_EFDS);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_non_null(strstr(listenfd_message(lfd), "LISTEN_FDS is 'one'"));
    close(bind_tcp(NULL, address));
    listenfd_free(lfd);
}

static void test_not_an_address(void **state)
{
    static const char *const texts[] = {"",          ":",
                                        "80",        "localhost:80",
                                        "127.0.0.1", "127.0.0.1:65536",
                                        "::1:80",    "[::1]",
                                        "[::1]80",   " :80",
                                        "127.1:80",  ":80:90",
                                        "[]:0",      "[127.0.0.1]:0",
                                        "0:0",       "x::0",
                                        "tcp::",     "udp:127.0.0.1:0"};
    struct listenfd *lfd = nothing_passed(0);

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_failure(lfd, texts[i], LISTENFD_EADDRESS, 4712);
    check_failure(lfd, NULL, LISTENFD_EADDRESS, 4712);
    check_failure(NULL, "", LISTENFD_EADDRESS, 4712);
    check_failure(NULL, NULL, LISTENFD_EADDRESS, 4712);
    listenfd_free(lfd);
}

static void test_system_refuses(void **state)
{
    struct listenfd *lfd = nothing_passed(0);

    (void)state;
    check_failure(lfd, "192.0.2.1:0", LISTENFD_ESYSTEM, EADDRNOTAVAIL);
    assert_non_null(strstr(listenfd_message(lfd), strerror(EADDRNOTAVAIL)));
    check_failure(lfd, "[2001:db8::1]:0", LISTENFD_ESYSTEM, EADDRNOTAVAIL);
    check_failure(NULL, "192.0.2.1:0", LISTENFD_ESYSTEM, EADDRNOTAVAIL);
    listenfd_free(lfd);
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
        cmocka_unit_test(test_passed),
        cmocka_unit_test(test_one_more_than_passed),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_bound_to_the_wanted_port),
        cmocka_unit_test(test_bound_after_a_restart),
        cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_who_reaches_it),
        cmocka_unit_test(test_v4_mapped),
        cmocka_unit_test(test_null_object_binds),
        cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_in_use_by_the_launcher),
        cmocka_unit_test(test_passed_to_another_process_binds),
        cmocka_unit_test(test_wrong_kind),
        cmocka_unit_test(test_malformed_environment),
        cmocka_unit_test(test_not_an_address),
        cmocka_unit_test(test_system_refuses),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
