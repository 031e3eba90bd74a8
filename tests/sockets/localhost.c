/* SPDX-License-Identifier: MIT
 * localhost has two addresses. What systemfd does about [::1] when it was asked for 127.0.0.1. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static void need_ipv6(void)
{
    if (shell_status(NULL, "grep -q . /proc/net/if_inet6") != 0)
        skip_because("there is no IPv6 here");
}

static struct sockaddr_in6 ipv6_loopback(int port)
{
    return (struct sockaddr_in6){.sin6_family = AF_INET6,
                                 .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                                 .sin6_port = htons((uint16_t)port)};
}

/* Binds [::1] with that port, and listens. Returns 0 or the error. */
static int try_to_bind(int port, int option)
{
    struct sockaddr_in6 address = ipv6_loopback(port);
    int fd = socket(AF_INET6, SOCK_STREAM, 0), on = 1, error = 0;

    if (option)
        setsockopt(fd, SOL_SOCKET, option, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0)
        error = errno;
    close(fd);
    return error;
}

static int try_to_bind_as(uid_t user, int port, int option)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(setresuid(user, user, user) == 0 ? try_to_bind(port, option) : 255);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int is_refused(int port)
{
    struct sockaddr_in6 address = ipv6_loopback(port);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    int refused =
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED;

    close(fd);
    return refused;
}

/* No other user gets [::1] while systemfd lives, and the same user only with SO_REUSEPORT. Clients
 * are refused there, and so go on to 127.0.0.1. */
static void check_held(const char *spec)
{
    static const int options[] = {0, SO_REUSEADDR, SO_REUSEPORT};

    START("-s", spec, "--restart-on-hup", "--", "server");
    expect_ready(1);
    assert_true(is_refused(ports[0]));
    for (size_t i = 0; geteuid() == 0 && i < 3; i++)
        assert_int_equal(try_to_bind_as(NOBODY, ports[0], options[i]), EADDRINUSE);
    assert_int_equal(try_to_bind(ports[0], 0), EADDRINUSE);
    assert_int_equal(try_to_bind(ports[0], SO_REUSEADDR), EADDRINUSE);
    assert_int_equal(try_to_bind(ports[0], SO_REUSEPORT), 0);
    assert_answers(ports[0], "hello");
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    assert_int_equal(try_to_bind(ports[0], 0), 0);
    assert_int_equal(count_lines("~> warning"), 0);
    process_discard(&systemfd);
}

static void test_held(void **state)
{
    (void)state;
    need_ipv6();
    check_held("http::0");
    check_held("http::localhost:0");
    check_held("http::127.0.0.1:0");
}

/* With --stop-first, servers do not run side by side, so each can bind [::1] itself. */
static void test_free_with_stop_first(void **state)
{
    (void)state;
    need_ipv6();
    START("-s", "http::0", "--stop-first", "--restart-on-hup", "--", "server");
    expect_ready(1);
    assert_int_equal(try_to_bind(ports[0], 0), 0);
}

static void test_free_elsewhere(void **state)
{
    (void)state;
    need_ipv6();
    START("-s", "http::127.0.0.2:0", "--restart-on-hup", "--", "server");
    expect_ready(1);
    ports[0] = atoi(strstr(systemfd.text, "127.0.0.2:") + strlen("127.0.0.2:"));
    assert_int_equal(try_to_bind(ports[0], 0), 0);
}

/* A listener at [::1], with a port that is free at 127.0.0.1, too. The system sees to one only. */
static int listener_alone_on_ipv6(void)
{
    for (int tries = 100; tries > 0; tries--) {
        int fd = internet_socket(SOCK_STREAM, "::1");
        struct sockaddr_in ipv4 = {.sin_family = AF_INET,
                                   .sin_addr = {htonl(INADDR_LOOPBACK)},
                                   .sin_port = htons((uint16_t)port_of_socket(fd))};
        int other = socket(AF_INET, SOCK_STREAM, 0);
        int is_free = bind(other, (struct sockaddr *)&ipv4, sizeof ipv4) == 0;

        close(other);
        if (is_free)
            return fd;
        close(fd);
    }
    fail_msg("no port is free on both addresses of localhost");
    return -1;
}

/* It warns both when it becomes the command and when it stays. */
static void test_warned(void **state)
{
    static const char *const modes[] = {"", "--exit-on-failure --build true",
                                        "--stop-first --exit-on-failure --build true"};
    int other, port;

    (void)state;
    need_ipv6();
    other = listener_alone_on_ipv6();
    port = port_of_socket(other);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        char *text, *expected;
        shell_status(&text, "systemfd -s http::%d %s -- false", port, modes[i]);
        assert_true(
            asprintf(&expected,
                     "\n~> warning: browsers that are to ask localhost ask [::1]:%d first, "
                     "which is in use by localhost (process %ld); stop it or choose another "
                     "address\n",
                     port, (long)getpid()) > 0);
        if (!strstr(text, expected))
            print_message("expected %sin:\n%s", expected, text);
        assert_non_null(strstr(text, expected));
        free(expected);
        free(text);
    }
    close(other);
}

/* A user who asks for both addresses gets both. */
static void test_both(void **state)
{
    static const char *const orders[] = {"-s http::localhost:%d -s http::[::1]:%d",
                                         "-s http::[::1]:%d -s http::%d", "-s %d -s tcp6::*:%d",
                                         "-s %d -s udp6::%d"};
    int listener, port;

    (void)state;
    need_ipv6();
    listener = listener_alone_on_ipv6();
    port = port_of_socket(listener);
    close(listener);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        char options[128], *text;
        snprintf(options, sizeof options, orders[i], port, port);
        text = shell("systemfd %s -- sh -c 'echo $LISTEN_FDS'", options);
        assert_non_null(strstr(text, "\n2\n"));
        assert_null(strstr(text, "warning"));
        free(text);
    }
}

static void test_loopback_with_ipv6_only(void **state)
{
    static const char prepare[] = "ip link set lo up && ip -4 addr flush dev lo";
    static const char *const specs[] = {"0", "http::localhost:0", "udp::0"};

    (void)state;
    need_ipv6();
    if (shell_status(NULL, "unshare -n sh -c '%s'", prepare) != 0)
        skip_because("no network of its own can be made here");
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        char *text = shell("unshare -n sh -c '%s && systemfd -s %s -- true'", prepare, specs[i]);
        assert_non_null(strstr(text, "[::1]:"));
        free(text);
    }
    assert_int_equal(
        shell_status(NULL, "unshare -n sh -c '%s && systemfd -s 127.0.0.1:0 -- true'", prepare), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_held),           TEST(test_free_with_stop_first),
        TEST(test_free_elsewhere), TEST(test_warned),
        TEST(test_both),           TEST(test_loopback_with_ipv6_only),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
