/* SPDX-License-Identifier: MIT
 * How nine servers take their sockets (beanstalkd, ngircd, nbdkit, unbound, dropbear, darkhttpd,
 * gpg-agent, krb5kdc, MPD), each as a small program of our own on listenfd.h alone. This file is
 * both: those programs, by name, and the test that starts them. */
#include "listenfd.h"

#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- The programs ---- */

static int complain(const struct listenfd *passed)
{
    printf("error: %s\n", listenfd_message(passed));
    return 1;
}

static void show(const char *what, int fd, int result)
{
    char text[200];

    listenfd_describe_socket(fd, text, sizeof text);
    text[strcspn(text, "0123456789/@")] = '\0'; /* without the address */
    printf("%s: %s%s\n", what, text, result == LISTENFD_TAKEN ? "passed" : "bound here");
}

/* The first socket, TCP or unix. */
static int tcp_or_unix(char **arguments)
{
    struct listenfd *passed = listenfd_from_env(0);
    int fd, result = listenfd_take_stream_listener(passed, 0, &fd);

    if (result == 0)
        result = listenfd_take_or_bind(passed, LISTENFD_NOT_FOUND, arguments[0], &fd);
    if (result < 0)
        return complain(passed);
    show("listener", fd, result);
    listenfd_free(passed);
    return 0;
}

static int all(char **arguments)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    int fd;

    (void)arguments;
    if (listenfd_status(passed) < 0)
        return complain(passed);
    for (size_t i = 0; i < listenfd_count(passed); i++) {
        if (listenfd_take_stream_listener(passed, i, &fd) < 0)
            return complain(passed);
        show(listenfd_name(passed, i), fd, LISTENFD_TAKEN);
    }
    listenfd_free(passed);
    return 0;
}

/* Each address of the configuration, for datagrams and for streams. */
static int addresses(char **arguments)
{
    struct listenfd *passed = listenfd_from_env(0);

    for (; *arguments; arguments++) {
        size_t index = listenfd_find_address(passed, *arguments, 0);
        int fd, result = listenfd_take_or_bind(passed, index, *arguments, &fd);
        if (result < 0)
            return complain(passed);
        show(*arguments, fd, result);
    }
    listenfd_free(passed);
    return 0;
}

/* The configuration holds addresses as the system's structures. */
static int structures(char **arguments)
{
    struct listenfd *passed = listenfd_from_env(0);
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(*arguments))};
    int fd;

    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        size_t index =
            listenfd_find_sockaddr(passed, type, (struct sockaddr *)&where, sizeof where, 0);
        int result = type == SOCK_STREAM ? listenfd_take_tcp_listener(passed, index, &fd)
                                         : listenfd_take_udp_socket(passed, index, &fd);
        if (result < 0)
            return complain(passed);
        if (result == 0)
            printf("none: %s\n", listenfd_message(passed));
        else
            show(type == SOCK_STREAM ? "stream" : "datagram", fd, result);
    }
    listenfd_free(passed);
    return 0;
}

/* Started with whatever process ID. */
static int four_names(char **arguments)
{
    static const char *const names[] = {"std", "ssh", "extra", "browser"};
    struct listenfd *passed = listenfd_from_env(LISTENFD_ANY_PID);
    int fd;

    (void)arguments;
    if (listenfd_status(passed) < 0)
        return complain(passed);
    for (size_t i = 0; i < 4; i++) {
        int result =
            listenfd_take_unix_listener(passed, listenfd_find_name(passed, names[i], 0), &fd);
        if (result < 0)
            return complain(passed);
        if (result > 0)
            show(names[i], fd, result);
    }
    listenfd_free(passed);
    return 0;
}

static void go_into_the_background(void)
{
    int ends[2];
    char byte;

    fflush(stdout);
    if (pipe(ends) < 0 || fork() > 0)
        _exit(0);
    close(ends[1]);
    while (read(ends[0], &byte, 1) > 0) /* until the parent is gone */
        continue;
    close(ends[0]);
}

static int daemon_after(char **arguments)
{
    struct listenfd *passed = listenfd_from_env(0);
    int fd, result;

    go_into_the_background();
    result = listenfd_take_or_bind(passed, 0, arguments[0], &fd);
    if (result < 0)
        return complain(passed);
    show("listener", fd, result);
    listenfd_free(passed);
    return 0;
}

static int daemon_before(char **arguments)
{
    struct listenfd *passed;
    int fd;

    go_into_the_background();
    passed = listenfd_from_env(0);
    printf("status %d\n", listenfd_status(passed));
    if (listenfd_take_or_bind(passed, 0, arguments[0], &fd) < 0)
        return complain(passed);
    return 0;
}

/* A module looks for its own socket, and does not know that the program will ask, too. */
static int asks_twice(char **arguments)
{
    struct listenfd *module = listenfd_from_env(LISTENFD_NOT_LAST), *passed;
    int fd,
        result = listenfd_take_unix_listener(module, listenfd_find_name(module, "control", 0), &fd);

    (void)arguments;
    if (result < 0)
        return complain(module);
    show("module", fd, result);
    listenfd_free(module);
    passed = listenfd_from_env(0);
    result = listenfd_take_tcp_listener(passed, listenfd_find_name(passed, "web", 0), &fd);
    if (result < 0)
        return complain(passed);
    show("program", fd, result);
    printf("variables: %s\n", getenv("LISTEN_FDS") ? "left" : "removed");
    return 0;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *ask_in_thread(void *passed)
{
    size_t i;
    int fd = -1;

    pthread_mutex_lock(&lock); /* an object belongs to one thread at a time */
    for (i = 0; i < listenfd_count(passed); i++)
        if (listenfd_take_udp_socket(passed, i, &fd) > 0)
            break;
    if (fd >= 0)
        show("thread", fd, LISTENFD_TAKEN);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static int each_thread(char **arguments)
{
    struct listenfd *passed = listenfd_from_env(0);
    pthread_t threads[4];

    (void)arguments;
    if (listenfd_status(passed) < 0)
        return complain(passed);
    for (size_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, ask_in_thread, passed);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    listenfd_free(passed);
    return 0;
}

static int chroot_and_setuid(char **arguments)
{
    struct listenfd *passed = listenfd_from_env(0);
    int fd, result;

    if (chroot(arguments[0]) < 0 || chdir("/") < 0 || setgid(65534) < 0 || setuid(65534) < 0)
        return 3;
    result = listenfd_take_stream_listener(passed, 0, &fd);
    if (result <= 0)
        return complain(passed);
    show("listener", fd, result);
    printf("told: %d\n", listenfd_notify("READY=1"));
    listenfd_free(passed);
    return 0;
}

static int connection(char **arguments)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_BLOCK);
    int fd, result = listenfd_take_tcp_stream(passed, 0, &fd);

    (void)arguments;
    if (result <= 0)
        return complain(passed);
    listenfd_free(passed);
    return write(fd, "hello\n", 6) != 6;
}

static const struct program {
    const char *name;
    int (*main)(char **arguments);
} programs[] = {
    {"tcp-or-unix", tcp_or_unix},     {"all", all},
    {"addresses", addresses},         {"structures", structures},
    {"four-names", four_names},       {"daemon-after", daemon_after},
    {"daemon-before", daemon_before}, {"asks-twice", asks_twice},
    {"each-thread", each_thread},     {"chroot-and-setuid", chroot_and_setuid},
    {"connection", connection},
};

/* ---- The test ---- */

struct passing {
    const int *sockets;
    size_t count;
    const char *names; /* NULL: none */
    const char *pid;   /* NULL: its own */
};
#define PASS(array, number, ...) \
    (&(const struct passing){.sockets = (array), .count = (number), __VA_ARGS__})

/* What it says, for free(). */
static char *run(const char *program, const char *argument, const char *more,
                 const struct passing *passing)
{
    char fds[32], names[128], pid[32] = "LISTEN_PID=$PID", *text;
    const char *argv[] = {getenv("SELF"), program, argument, more, NULL};
    const char *variables[] = {fds, pid, passing->names ? names : NULL, NULL};
    struct process process;

    snprintf(fds, sizeof fds, "LISTEN_FDS=%zu", passing->count);
    if (passing->names)
        snprintf(names, sizeof names, "LISTEN_FDNAMES=%s", passing->names);
    if (passing->pid)
        snprintf(pid, sizeof pid, "LISTEN_PID=%s", passing->pid);
    process_start(&process, &(struct launch){.argv = argv,
                                             .environ_ = variables,
                                             .descriptors = passing->sockets,
                                             .count = passing->count});
    process_wait(&process);
    text = strdup(process.text ? process.text : "");
    process_discard(&process);
    return text;
}

static void check(const char *program, const char *argument, const char *more,
                  const struct passing *passing, const char *expected)
{
    char *text = run(program, argument, more, passing);

    if (!strstr(text, expected))
        fail_msg("%s: '%s', expected '%s'", program, text, expected);
    free(text);
}

static void test_tcp_or_unix(void **state)
{
    const int tcp[] = {internet_socket(SOCK_STREAM, "127.0.0.1")};
    const int local[] = {unix_socket(SOCK_STREAM, abstract_name("situation"))};
    const int udp[] = {internet_socket(SOCK_DGRAM, "127.0.0.1")};

    (void)state;
    check("tcp-or-unix", "127.0.0.1:0", NULL, PASS(tcp, 1), "listener: tcp listener passed\n");
    check("tcp-or-unix", "127.0.0.1:0", NULL, PASS(local, 1), "listener: unix listener passed\n");
    check("tcp-or-unix", "127.0.0.1:0", NULL, PASS(udp, 1),
          "where a tcp or unix stream listener was expected");
    check("tcp-or-unix", "127.0.0.1:0", NULL, PASS(tcp, 0), "listener: tcp listener bound here\n");
    close(tcp[0]);
    close(local[0]);
    close(udp[0]);
}

static void test_all(void **state)
{
    const int sockets[] = {internet_socket(SOCK_STREAM, "::1"),
                           unix_socket(SOCK_STREAM, abstract_name("situation"))};

    (void)state;
    check("all", NULL, NULL, PASS(sockets, 2, .names = "a:b"),
          "a: tcp listener [::passed\nb: unix listener passed\n");
    check("all", NULL, NULL, PASS(sockets, 2, .names = "a"), "error: LISTEN_FDNAMES has 1 names");
    close(sockets[0]);
    close(sockets[1]);
}

static void test_addresses(void **state)
{
    const int tcp = internet_socket(SOCK_STREAM, "127.0.0.1"), port = port_of_socket(tcp);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char streams[64], datagrams[64], number[16], expected[256];

    (void)state;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(udp, (struct sockaddr *)&where, sizeof where) < 0)
        skip_because("that port has a UDP socket of somebody else");
    snprintf(streams, sizeof streams, "tcp::127.0.0.1:%d", port);
    snprintf(datagrams, sizeof datagrams, "udp::127.0.0.1:%d", port);
    snprintf(number, sizeof number, "%d", port);
    snprintf(expected, sizeof expected, "%s: udp socket passed\n%s: tcp listener passed\n",
             datagrams, streams);
    for (int udp_first = 0; udp_first <= 1; udp_first++) {
        const int sockets[] = {udp_first ? udp : tcp, udp_first ? tcp : udp};
        check("addresses", datagrams, streams, PASS(sockets, 2), expected);
        check("structures", number, NULL, PASS(sockets, 2),
              "stream: tcp listener passed\ndatagram: udp socket passed\n");
    }
    check("structures", number, NULL, PASS(&tcp, 1),
          "none: none of the 1 sockets passed is bound to '");
    check("addresses", "udp:127.0.0.1:0", NULL, PASS(&tcp, 1),
          "'udp:127.0.0.1:0' is not an address");
    check("addresses", "udp:127.0.0.1:0", NULL, PASS(&tcp, 0),
          "'udp:127.0.0.1:0' is not an address");
    close(tcp);
    close(udp);
}

static void test_four_names(void **state)
{
    const int sockets[] = {unix_socket(SOCK_STREAM, abstract_name("1")),
                           unix_socket(SOCK_STREAM, abstract_name("2")),
                           unix_socket(SOCK_STREAM, abstract_name("3"))};

    (void)state;
    check("four-names", NULL, NULL, PASS(sockets, 3, .names = "browser:std:ssh", .pid = "1"),
          "std: unix listener passed\nssh: unix listener passed\nbrowser: unix listener passed\n");
    for (int i = 0; i < 3; i++)
        close(sockets[i]);
}

static void test_daemon(void **state)
{
    const int tcp[] = {internet_socket(SOCK_STREAM, "127.0.0.1")};
    char address[32], *text;

    (void)state;
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of_socket(tcp[0]));
    check("daemon-after", address, NULL, PASS(tcp, 1), "listener: tcp listener passed\n");
    text = run("daemon-before", address, NULL, PASS(tcp, 1));
    assert_non_null(strstr(text, "status 2\nerror: cannot listen on 127.0.0.1:"));
    assert_true(
        strstr(text, "call listenfd_from_env before this program goes into the background") ||
        strstr(text, "this program has forked before it called listenfd_from_env"));
    free(text);
    close(tcp[0]);
}

static void test_asks_twice(void **state)
{
    const int sockets[] = {internet_socket(SOCK_STREAM, "127.0.0.1"),
                           unix_socket(SOCK_STREAM, abstract_name("situation"))};

    (void)state;
    check("asks-twice", NULL, NULL, PASS(sockets, 2, .names = "web:control"),
          "module: unix listener passed\nprogram: tcp listener passed\nvariables: removed\n");
    close(sockets[0]);
    close(sockets[1]);
}

static void test_each_thread(void **state)
{
    const int sockets[] = {
        internet_socket(SOCK_DGRAM, "127.0.0.1"), internet_socket(SOCK_DGRAM, "127.0.0.1"),
        internet_socket(SOCK_DGRAM, "127.0.0.1"), internet_socket(SOCK_DGRAM, "127.0.0.1")};

    (void)state;
    check("each-thread", NULL, NULL, PASS(sockets, 4),
          "thread: udp socket passed\nthread: udp socket passed\nthread: udp socket passed\n"
          "thread: udp socket passed\n");
    for (int i = 0; i < 4; i++)
        close(sockets[i]);
}

static void test_chroot_and_setuid(void **state)
{
    const int tcp[] = {internet_socket(SOCK_STREAM, "127.0.0.1")};

    (void)state;
    if (geteuid() != 0)
        skip_because("only root can chroot");
    check("chroot-and-setuid", "/proc/self/fdinfo", NULL, PASS(tcp, 1),
          "listener: tcp listener passed\ntold: 0\n");
    close(tcp[0]);
}

static void test_connection(void **state)
{
    const int listener[] = {internet_socket(SOCK_STREAM, "127.0.0.1")};
    int client;
    const int sockets[] = {tcp_connection(&client)};
    char bytes[16] = "";

    (void)state;
    free(run("connection", NULL, NULL, PASS(sockets, 1, .names = "connection")));
    close(sockets[0]);
    assert_int_equal(recv(client, bytes, sizeof bytes, 0), 6);
    assert_string_equal(bytes, "hello\n");
    check("connection", NULL, NULL, PASS(listener, 1, .names = "connection"),
          "Accept=no passes the listener, Accept=yes each connection");
    close(client);
    close(listener[0]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_or_unix), cmocka_unit_test(test_all),
        cmocka_unit_test(test_addresses),   cmocka_unit_test(test_four_names),
        cmocka_unit_test(test_daemon),      cmocka_unit_test(test_asks_twice),
        cmocka_unit_test(test_each_thread), cmocka_unit_test(test_chroot_and_setuid),
        cmocka_unit_test(test_connection),
    };

    for (size_t i = 0; argc > 1 && i < sizeof programs / sizeof programs[0]; i++)
        if (strcmp(argv[1], programs[i].name) == 0) {
            int result = programs[i].main(argv + 2);
            fflush(stdout);
            _exit(result); /* no search for leaks, which needs /proc */
        }
    return cmocka_run_group_tests(tests, find_programs, NULL);
}
