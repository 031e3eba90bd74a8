/* SPDX-License-Identifier: MIT
 * Each example that listens for TCP: alone, under both launchers, told to stop with a request in
 * hand, beside a faster process on its listener, and restarted under load. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A loopback address of our own: a port that was free there a moment ago still is. */
#define HOST "127.83.65.2"

enum { RESTARTS = 5 };

static const struct example {
    const char *name, *package; /* without which it is not built */
} examples[] = {
    {"hello", "gcc"},
    {"epoll", "gcc"},
    {"poll", "gcc"},
    {"threads", "gcc"},
    {"prefork", "gcc"},
    {"raii", "g++"},
    {"libuv", "libuv1-dev"},
    {"libevent", "libevent-dev"},
    {"libmicrohttpd", "libmicrohttpd-dev"},
    {"gio", "libglib2.0-dev"},
};

static struct process server, successor, load;

static int tear_down(void **state)
{
    struct process *processes[] = {&load, &server, &successor};

    for (size_t i = 0; i < sizeof processes / sizeof processes[0]; i++)
        if (processes[i]->output > 0)
            process_discard(processes[i]);
    return remove_project(state);
}

static void need(const struct example *example)
{
    if (!have_program(example->name))
        skip_because("%s is not built: it needs %s", example->name, example->package);
}

/* ---- Asking, stopping ---- */

static void expect_hello(char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "Content-Length: ");

    if (strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) != 0 || !body || !length ||
        strtoul(length + 16, NULL, 10) != strlen(body + 4) ||
        strncmp(body + 4, "hello from process ", 19) != 0)
        fail_msg("not a whole answer: '%s'", answer);
    free(answer);
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
}

static void expect_hello_over(int fd)
{
    say(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect_hello(finish_request(fd));
}

static void expect_hello_at(int port)
{
    expect_hello(ask(port, "/"));
}

static void stop(struct process *process)
{
    process_signal(process, SIGTERM);
    assert_int_equal(process_wait(process), 0);
    process_discard(process);
}

/* ---- Alone ---- */

/* For TCP, and for UDP, which poll binds to the same address. */
static int free_port(void)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int result;

    do {
        int tcp = internet_socket(SOCK_STREAM, HOST);
        int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        getsockname(tcp, (struct sockaddr *)&address, &size);
        result = bind(udp, (struct sockaddr *)&address, size);
        close(udp);
        close(tcp);
    } while (result < 0);
    return ntohs(address.sin_port);
}

static int listens(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), result;

    inet_pton(AF_INET, HOST, &address.sin_addr);
    result = connect(fd, (struct sockaddr *)&address, sizeof address);
    close(fd);
    return result == 0;
}

static void test_alone(void **state)
{
    const struct example *example = *state;
    char address[32];
    const char *const argv[] = {example->name, address, NULL};
    int port = free_port();

    need(example);
    snprintf(address, sizeof address, HOST ":%d", port);
    process_start(&server, &(struct launch){.argv = argv, .folder = project});
    WAIT_UNTIL(listens(port));
    expect_hello_over(connect_host(HOST, port));
    stop(&server);
}

/* ---- Under the launchers ---- */

/* poll wants all three. The others take the first one, and close the rest. */
#define THREE_SOCKETS "-s", "web=http::0", "-s", "echo=udp::0", "-s", "admin=unix::./admin.sock"

static void test_under_systemfd(void **state)
{
    const struct example *example = *state;

    need(example);
    START(THREE_SOCKETS, "--", example->name);
    for (int i = 0; i < 3; i++)
        expect_hello_at(ports[0]);
    process_signal(&systemfd, SIGTERM);
    assert_exits(0);
}

static void test_under_systemd_socket_activate(void **state)
{
    const struct example *example = *state;
    char address[32];
    const char *const argv[] = {
        "systemd-socket-activate", "-l", address, "--fdname=web", example->name, NULL};
    int port = free_port();

    need(example);
    if (!have_program(argv[0]))
        skip_because("%s is missing: install systemd", argv[0]);
    snprintf(address, sizeof address, HOST ":%d", port);
    process_start(&server, &(struct launch){.argv = argv, .folder = project});
    process_line_with(&server, "Listening on ");
    for (int i = 0; i < 3; i++)
        expect_hello_over(connect_host(HOST, port));
    stop(&server);
}

static void test_restarts_under_load(void **state)
{
    const struct example *example = *state;
    char port[16];
    const char *const argv[] = {"load", "4", port, NULL};

    need(example);
    START(THREE_SOCKETS, "--restart-on-hup", "--settle=20", "--", example->name);
    expect_ready(1);
    snprintf(port, sizeof port, "%d", ports[0]);
    process_start(&load, &(struct launch){.argv = argv});
    process_line_with(&load, "started");
    for (unsigned i = 1; i <= RESTARTS; i++) {
        process_signal(&systemfd, SIGHUP);
        expect_ready(i + 1);
    }
    process_signal(&load, SIGTERM);
    assert_int_equal(process_wait(&load), 0);
    assert_non_null(strstr(load.text, " requests, 0 refused, 0 reset, 0 lost, "));
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* ---- On sockets that this test holds ---- */

/* One that blocks, as systemd's do. */
static int open_listener(int *port)
{
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1");

    *port = port_of_socket(listener);
    return listener;
}

/* variable: one more for its environment, or NULL. */
static void start_with(struct process *process, const char *name, int web, const char *variable)
{
    const char *tag = process == &server ? "server" : "successor";
    const int descriptors[] = {web, internet_socket(SOCK_DGRAM, "127.0.0.1"),
                               unix_socket(SOCK_STREAM, abstract_name(tag))};
    const char *const argv[] = {name, NULL};
    const char *const variables[] = {"LISTEN_FDS=3", "LISTEN_PID=$PID",
                                     "LISTEN_FDNAMES=web:echo:admin", variable, NULL};

    process_start(process, &(struct launch){.argv = argv,
                                            .environ_ = variables,
                                            .descriptors = descriptors,
                                            .count = 3,
                                            .folder = project});
    close(descriptors[1]);
    close(descriptors[2]);
}

static void start(struct process *process, const char *name, int web)
{
    start_with(process, name, web, NULL);
}

/* No reason to bind: that would end in "Address already in use". */
static void test_wrong_socket(void **state)
{
    const struct example *example = *state;
    int udp = internet_socket(SOCK_DGRAM, "127.0.0.1");
    char sentence[96];

    need(example);
    snprintf(sentence, sizeof sentence, "%s: socket 0, named 'web', is udp socket 127.0.0.1:%d, ",
             example->name, port_of_socket(udp));
    start(&server, example->name, udp);
    close(udp);
    assert_int_equal(process_wait(&server), 1);
    process_line_with(&server, sentence);
}

static int somebody_waits(int listener)
{
    struct pollfd queue = {.fd = listener, .events = POLLIN};

    return poll(&queue, 1, 0) == 1;
}

/* One that ends too early does so at once, or a moment later. */
static void expect_to_live_on(const struct process *process)
{
    siginfo_t information = {0};

    poll(NULL, 0, 50);
    assert_int_equal(waitid(P_PID, (id_t)process->pid, &information, WEXITED | WNOWAIT | WNOHANG),
                     0);
    assert_int_equal(information.si_pid, 0);
}

/* It goes on for the request, and the listener for the successor: it is not shut down. */
static void test_request_in_hand(void **state)
{
    const struct example *example = *state;
    int port, listener = open_listener(&port), in_hand, next;

    need(example);
    start(&server, example->name, listener);
    in_hand = connect_port(port);
    say(in_hand, "GET / HTTP/1.1\r\nHo");
    WAIT_UNTIL(!somebody_waits(listener));
    process_signal(&server, SIGTERM);
    expect_to_live_on(&server);
    say(in_hand, "st: localhost\r\n\r\n");
    expect_hello(finish_request(in_hand));
    assert_int_equal(process_wait(&server), 0);

    next = connect_port(port);
    start(&successor, example->name, listener);
    expect_hello_over(next);
    stop(&successor);
    close(listener);
}

/* A connection wakes up everybody who waits. Who comes too late must not wait in accept, where
 * it would not notice SIGTERM. */
static void test_somebody_else_was_faster(void **state)
{
    const struct example *example = *state;
    int port, listener = open_listener(&port);
    char *build = build_folder(), *preload, *answer;

    need(example);
    assert_true(asprintf(&preload, "LD_PRELOAD=%s/tests/support/thief.so", build) > 0);
    start_with(&server, example->name, listener, preload);
    answer = finish_request(connect_port(port));
    assert_string_equal(answer, ""); /* the thief closed it */
    stop(&server);
    close(listener);
    free(answer);
    free(preload);
    free(build);
}

/* ---- What only one of them has ---- */

static void expect_report(const char *expected)
{
    char *path = path_in(project, "admin.sock");
    char *report = finish_request(connect_path(SOCK_STREAM, path));

    assert_string_equal(report, expected);
    free(report);
    free(path);
}

static void expect_echo(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char text[8];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    say(fd, "hello");
    assert_int_equal(recv(fd, text, sizeof text, 0), 5);
    assert_memory_equal(text, "hello", 5);
    close(fd);
}

static int exists(const char *name)
{
    char *path = path_in(project, name);
    int result = access(path, F_OK) == 0;

    free(path);
    return result;
}

static int udp_port(void)
{
    const char *line = strstr(systemfd.text, "~> socket 127.0.0.1:");

    assert_non_null(line);
    return atoi(line + strlen("~> socket 127.0.0.1:"));
}

static void test_poll_three_sockets(void **state)
{
    (void)state;
    START("-s", "admin=unix::./admin.sock", "-s", "echo=udp::0", "-s", "web=http::0", "--", "poll");
    expect_report("0 requests, 0 datagrams\n");
    expect_hello_at(ports[2]);
    expect_echo(udp_port());
    expect_echo(udp_port());
    expect_report("1 requests, 2 datagrams\n");
    process_signal(&systemfd, SIGTERM);
    assert_exits(0);
    assert_true(exists("admin.sock")); /* the launcher's */
}

/* Connections that it has no room for wait. */
static void test_poll_many_connections(void **state)
{
    enum { MANY = 100 };
    int fds[MANY];

    (void)state;
    START(THREE_SOCKETS, "--", "poll");
    for (int i = 0; i < MANY; i++)
        fds[i] = connect_port(ports[0]);
    for (int i = 0; i < MANY; i++)
        expect_hello_over(fds[i]);
    process_signal(&systemfd, SIGTERM);
    assert_exits(0);
}

static void test_poll_removes_what_it_bound(void **state)
{
    char address[32];
    const char *const argv[] = {"poll", address, NULL};
    int port = free_port();

    (void)state;
    snprintf(address, sizeof address, HOST ":%d", port);
    process_start(&server, &(struct launch){.argv = argv, .folder = project});
    WAIT_UNTIL(listens(port));
    expect_hello_over(connect_host(HOST, port));
    assert_true(exists("admin.sock"));
    stop(&server);
    assert_false(exists("admin.sock"));
}

static void test_libuv_unix_socket(void **state)
{
    char *path = path_in(project, "hello.sock");

    (void)state;
    need(&(struct example){"libuv", "libuv1-dev"});
    START("-s", "unix::./hello.sock", "--", "libuv");
    for (int i = 0; i < 3; i++)
        expect_hello_over(connect_path(SOCK_STREAM, path));
    process_signal(&systemfd, SIGTERM);
    assert_exits(0);
    assert_true(exists("hello.sock"));
    free(path);
}

/* Which process answers? */
static pid_t worker_at(int port)
{
    char *answer = ask(port, "/"), *words = strstr(answer, "hello from process ");
    pid_t pid = words ? (pid_t)atol(words + 19) : 0;

    assert_true(pid > 0);
    free(answer);
    return pid;
}

static void test_prefork_replaces_the_dead(void **state)
{
    enum { WORKERS = 4 };
    pid_t pid;

    (void)state;
    START(THREE_SOCKETS, "--", "prefork");
    WAIT_UNTIL(children_of(systemfd.pid) == WORKERS);
    pid = worker_at(ports[0]);
    assert_int_not_equal(pid, systemfd.pid);
    assert_int_equal(kill(pid, SIGKILL), 0);
    WAIT_UNTIL(kill(pid, 0) < 0 && children_of(systemfd.pid) == WORKERS);
    expect_hello_at(ports[0]);
    process_signal(&systemfd, SIGTERM);
    assert_exits(0);
}

/* Else they would hold the sockets, and nobody would know. */
static void test_prefork_ends_with_its_parent(void **state)
{
    (void)state;
    START(THREE_SOCKETS, "--", "prefork");
    worker_at(ports[0]);
    process_signal(&systemfd, SIGKILL);
    WAIT_UNTIL(members_of(systemfd.pid) == 0);
    assert_dies_of(SIGKILL);
}

/* ---- All of them ---- */

#define OF(function)                                         \
    {                                                        \
#function, function, create_project, tear_down, NULL \
    }

static const struct CMUnitTest tests_of_each[] = {
    OF(test_alone),
    OF(test_under_systemfd),
    OF(test_under_systemd_socket_activate),
    OF(test_wrong_socket),
    OF(test_request_in_hand),
    OF(test_somebody_else_was_faster),
    OF(test_restarts_under_load),
};

static const struct CMUnitTest tests_of_one[] = {
    OF(test_poll_three_sockets),         OF(test_poll_many_connections),
    OF(test_poll_removes_what_it_bound), OF(test_libuv_unix_socket),
    OF(test_prefork_replaces_the_dead),  OF(test_prefork_ends_with_its_parent),
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* "libuv: test_alone" */
static struct CMUnitTest test_of(const struct CMUnitTest *test, const struct example *example)
{
    static char names[LENGTH(tests_of_each) * LENGTH(examples)][64];
    static size_t used;
    struct CMUnitTest result = *test;

    snprintf(names[used], sizeof names[used], "%s: %s", example->name, test->name);
    result.name = names[used++];
    result.initial_state = (void *)(uintptr_t)example;
    return result;
}

int main(void)
{
    struct CMUnitTest tests[LENGTH(tests_of_each) * LENGTH(examples) + LENGTH(tests_of_one)];
    size_t count = 0;

    for (size_t i = 0; i < LENGTH(examples); i++)
        for (size_t j = 0; j < LENGTH(tests_of_each); j++)
            tests[count++] = test_of(&tests_of_each[j], &examples[i]);
    memcpy(&tests[count], tests_of_one, sizeof tests_of_one);
    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
