/* SPDX-License-Identifier: MIT
 * The real systemd-socket-activate passes sockets to the probe, and to an example. It opens
 * them, says so, waits for traffic on one, and then becomes the receiver. */
#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* A loopback address of our own: a port that was free there a moment ago still is. */
#define HOST "127.83.65.1"

struct activation {
    char *folder, *path; /* of a unix socket, in the folder */
    char address[32];    /* of a TCP or UDP socket */
    int port;
    struct process process;
};

static int prepare(void **state)
{
    struct activation *activation = calloc(1, sizeof *activation);

    assert_non_null(activation);
    activation->folder = folder_create();
    activation->path = path_in(activation->folder, "socket");
    *state = activation;
    return 0;
}

static void end_process(struct activation *activation)
{
    if (activation->process.output > 0)
        process_discard(&activation->process);
}

static int clean_up(void **state)
{
    struct activation *activation = *state;

    end_process(activation);
    folder_remove(activation->folder);
    free(activation->path);
    free(activation);
    return 0;
}

static int free_port(const char *host)
{
    int fd = internet_socket(SOCK_STREAM, host), port = port_of_socket(fd);

    close(fd);
    return port;
}

static void choose_port(struct activation *activation)
{
    activation->port = free_port(HOST);
    snprintf(activation->address, sizeof activation->address, HOST ":%d", activation->port);
}

/* The path of something below the build folder. Valid until the next call. */
static const char *built(const char *name)
{
    static char path[4096];
    const char *build = getenv("BUILD");

    snprintf(path, sizeof path, "%s/%s", build ? build : "build", name);
    return path;
}

#define PROBE built("tests/support/probe")

/* Starts it with these arguments, and returns when every -l of them is open. */
static struct process *activate(struct activation *activation, const char *const *arguments)
{
    /* It wipes the environment; what sanitizers are told must get through. */
    const char *argv[24] = {"systemd-socket-activate", "-E", "ASAN_OPTIONS", "-E", "UBSAN_OPTIONS"};
    size_t listeners = 0;

    if (!have_program(argv[0]))
        skip_because("there is no systemd-socket-activate");
    end_process(activation);
    for (size_t i = 0; arguments[i]; i++) {
        argv[5 + i] = arguments[i];
        listeners += strcmp(arguments[i], "-l") == 0;
    }
    process_start(&activation->process, &(struct launch){.argv = argv});
    for (; listeners > 0; listeners--)
        process_line_with(&activation->process, "Listening on ");
    return &activation->process;
}

#define ACTIVATE(activation, ...) activate(activation, (const char *const[]){__VA_ARGS__, NULL})

/* These lines come in this order, others may be between them. */
static void expect_lines(struct process *process, const char *const *lines)
{
    for (; *lines; lines++)
        assert_string_equal(process_line_with(process, *lines), *lines);
}

#define EXPECT(process, ...) expect_lines(process, (const char *const[]){__VA_ARGS__, NULL})

/* A whole stream, or one message. Closes fd. */
static void expect_answer(int fd, const char *expected)
{
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    char answer[256];
    ssize_t got;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    got = recv(fd, answer, sizeof answer - 1, MSG_WAITALL);
    close(fd);
    assert_true(got >= 0);
    answer[got] = '\0';
    assert_string_equal(answer, expected);
}

/* ---- By index, name and address ---- */

static const char ADDRESS[] = "(address)", PATH[] = "(path)";

/* Of the sockets ADDRESS, named web, and PATH, named admin, the probe takes this one. */
struct choice {
    const char *kind, *how, *what, *name;
};

static void check_choice(struct activation *activation, const struct choice *choice)
{
    char tcp_line[128], unix_line[128], taken[64], answer[64];
    const char *what = choice->what;
    struct process *process;
    int fd;

    choose_port(activation);
    what = what == ADDRESS ? activation->address : what == PATH ? activation->path : what;
    process = ACTIVATE(activation, "-l", activation->address, "-l", activation->path,
                       "--fdname=web:admin", PROBE, choice->kind, choice->how, what);
    fd = strcmp(choice->kind, "tcp_listener") == 0 ? connect_host(HOST, activation->port)
                                                   : connect_path(SOCK_STREAM, activation->path);

    snprintf(tcp_line, sizeof tcp_line, "socket 0 fd 3 name 'web' cloexec tcp listener %s",
             activation->address);
    snprintf(unix_line, sizeof unix_line, "socket 1 fd 4 name 'admin' cloexec unix listener %s",
             activation->path);
    snprintf(taken, sizeof taken, "take %s 1", choice->kind);
    snprintf(answer, sizeof answer, "hello from %s\n", choice->name);
    EXPECT(process, "status 1", "message ", "variables none", tcp_line, unix_line, "others none",
           taken);
    expect_answer(fd, answer);
    assert_int_equal(process_wait(process), 0);
}

static void check_choices(void **state, const struct choice *choices)
{
    for (; choices->kind; choices++)
        check_choice(*state, choices);
}

#define CHECK(...) check_choices(state, (const struct choice[]){__VA_ARGS__, {0}})

static void test_by_index(void **state)
{
    CHECK({"tcp_listener", "index", "0", "web"}, {"unix_listener", "index", "1", "admin"});
}

static void test_by_name(void **state)
{
    CHECK({"tcp_listener", "name", "web", "web"}, {"unix_listener", "name", "admin", "admin"});
}

static void test_by_address(void **state)
{
    CHECK({"tcp_listener", "address", ADDRESS, "web"}, {"unix_listener", "address", PATH, "admin"});
}

/* ---- Other kinds and addresses ---- */

static void test_udp(void **state)
{
    struct activation *activation = *state;
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct process *process;

    choose_port(activation);
    process = ACTIVATE(activation, "-d", "-l", activation->path, "-l", activation->address,
                       "--fdname=log:net", PROBE, "udp_socket", "address", activation->address);
    address.sin_port = htons((uint16_t)activation->port);
    inet_pton(AF_INET, HOST, &address.sin_addr);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, "x", 1, 0), 1);
    process_line_with(process, "socket 0 fd 3 name 'log' cloexec unix datagram /");
    process_line_with(process, "socket 1 fd 4 name 'net' cloexec udp socket " HOST);
    EXPECT(process, "others none", "take udp_socket 1");
    expect_answer(fd, "hello from net\n");
}

static void test_unix_datagram(void **state)
{
    struct activation *activation = *state;
    struct sockaddr_un any = {.sun_family = AF_UNIX}; /* some address for the answer */
    struct process *process = ACTIVATE(activation, "-d", "-l", activation->path, "--fdname=log",
                                       PROBE, "unix_datagram", "index", "0");
    int fd = connect_path(SOCK_DGRAM, activation->path);

    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any.sun_family), 0);
    assert_int_equal(send(fd, "x", 1, 0), 1);
    EXPECT(process, "status 1", "others none", "take unix_datagram 1");
    expect_answer(fd, "hello from log\n");
}

static void test_seqpacket(void **state)
{
    struct activation *activation = *state;
    struct process *process = ACTIVATE(activation, "--seqpacket", "-l", activation->path, PROBE,
                                       "unix_seqpacket_listener", "index", "0");
    int fd = connect_path(SOCK_SEQPACKET, activation->path);

    process_line_with(process, "socket 0 fd 3 name 'unknown' cloexec unix seqpacket listener /");
    EXPECT(process, "take unix_seqpacket_listener 1");
    expect_answer(fd, "hello from unknown\n");
}

static void test_abstract_name(void **state)
{
    struct process *process;
    char name[32];
    int fd;

    snprintf(name, sizeof name, "@listenfd-%ld", (long)getpid());
    process = ACTIVATE(*state, "-l", name, PROBE, "unix_listener", "address", name);
    fd = connect_path(SOCK_STREAM, name);
    EXPECT(process, "status 1", "others none", "take unix_listener 1");
    expect_answer(fd, "hello from unknown\n");
}

static int have_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;

    if (fd >= 0)
        close(fd);
    return bound;
}

static void test_ipv6(void **state)
{
    char address[32], line[96];
    struct process *process;
    int port, fd;

    if (!have_ipv6())
        skip_because("there is no IPv6");
    port = free_port("::1");
    snprintf(address, sizeof address, "[::1]:%d", port);
    process = ACTIVATE(*state, "-l", address, PROBE, "tcp_listener", "address", address);
    fd = connect_host("::1", port);
    snprintf(line, sizeof line, "socket 0 fd 3 name 'unknown' cloexec tcp listener %s", address);
    EXPECT(process, line, "take tcp_listener 1");
    expect_answer(fd, "hello from unknown\n");
}

/* ---- One process per connection ---- */

static void test_accepted_tcp(void **state)
{
    struct activation *activation = *state;
    struct process *process;

    choose_port(activation);
    process = ACTIVATE(activation, "-a", "-l", activation->address, "--fdname=peer", PROBE,
                       "tcp_stream", "index", "0");
    for (int i = 0; i < 3; i++) {
        int fd = connect_host(HOST, activation->port);
        EXPECT(process, "status 1", "variables none");
        process_line_with(process, "socket 0 fd 3 name 'peer' cloexec tcp stream from 127.");
        EXPECT(process, "others none", "take tcp_stream 1");
        expect_answer(fd, "hello from peer\n");
    }
}

static void test_accepted_unix(void **state)
{
    struct activation *activation = *state;
    struct process *process =
        ACTIVATE(activation, "-a", "-l", activation->path, PROBE, "unix_stream", "index", "0");
    int fd = connect_path(SOCK_STREAM, activation->path);

    EXPECT(process, "status 1", "take unix_stream 1");
    expect_answer(fd, "hello from unknown\n");
}

/* ---- Mistakes ---- */

/* It only warns. */
static void test_more_names_than_sockets(void **state)
{
    struct activation *activation = *state;
    struct process *process = ACTIVATE(activation, "-l", activation->path, "--fdname=a:b", PROBE,
                                       "unix_listener", "index", "0");
    int fd = connect_path(SOCK_STREAM, activation->path);

    EXPECT(process, "status -1006");
    process_line_with(process, "message LISTEN_FDNAMES has 2 names ('a:b') for 1 sockets");
    EXPECT(process, "variables none", "others 3", "take unix_listener -1006");
    close(fd);
    assert_int_equal(process_wait(process), 1);
}

static void test_pid_of_another_process(void **state)
{
    struct activation *activation = *state;
    struct process *process = ACTIVATE(activation, "-E", "LISTEN_PID=1", "-l", activation->path,
                                       PROBE, "unix_listener", "index", "0");
    int fd = connect_path(SOCK_STREAM, activation->path);

    EXPECT(process, "status 2");
    process_line_with(process, "message LISTEN_PID is 1 but this process is ");
    EXPECT(process, "variables none", "others 3", "take unix_listener 0");
    close(fd);
    assert_int_equal(process_wait(process), 1);
}

static void test_shell_in_between(void **state)
{
    struct activation *activation = *state;
    struct process *process = ACTIVATE(activation, "-l", activation->path, "sh", "-c",
                                       "\"$0\" unix_listener index 0; exit $?", PROBE);
    int fd = connect_path(SOCK_STREAM, activation->path);
    char expected[80];

    snprintf(expected, sizeof expected, "message LISTEN_PID is %ld but this process is ",
             (long)process->pid);
    EXPECT(process, "status 2");
    process_line_with(process, expected);
    EXPECT(process, "take unix_listener 0");
    close(fd);
    assert_int_equal(process_wait(process), 1);
}

/* ---- An example ---- */

static void test_hello(void **state)
{
    struct activation *activation = *state;
    struct process *process;
    char *answer, expected[64];

    choose_port(activation);
    process = ACTIVATE(activation, "-l", activation->address, built("examples/hello"));
    for (int i = 0; i < 3; i++) {
        answer = exchange(connect_host(HOST, activation->port), "GET / HTTP/1.1\r\n\r\n");
        snprintf(expected, sizeof expected, "hello from process %ld\n", (long)process->pid);
        assert_non_null(strstr(answer, expected));
        free(answer);
    }
    process_signal(process, SIGTERM);
    assert_int_equal(process_wait(process), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, prepare, clean_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_by_index),
        TEST(test_by_name),
        TEST(test_by_address),
        TEST(test_udp),
        TEST(test_unix_datagram),
        TEST(test_seqpacket),
        TEST(test_abstract_name),
        TEST(test_ipv6),
        TEST(test_accepted_tcp),
        TEST(test_accepted_unix),
        TEST(test_more_names_than_sockets),
        TEST(test_pid_of_another_process),
        TEST(test_shell_in_between),
        TEST(test_hello),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
