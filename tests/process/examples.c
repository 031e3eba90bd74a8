/* SPDX-License-Identifier: MIT
 * The examples as whole programs: alone, with passed sockets, restarted, and told to stop. */
#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUEST "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

enum { RESTARTS = 20 };

struct fixture {
    char *build;            /* the build folder */
    char *folder, *control; /* where the servers run; control.sock there */
    int listener, port;     /* on 127.0.0.1 */
    struct process server, successor, load;
};

static int prepare(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture->build = build_folder();
    fixture->folder = folder_create();
    fixture->control = path_in(fixture->folder, "control.sock");
    fixture->listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    fixture->port = port_of_socket(fixture->listener);
    *state = fixture;
    return 0;
}

static void discard(struct process *process)
{
    if (process->output > 0)
        process_discard(process);
}

static int clean_up(void **state)
{
    struct fixture *fixture = *state;

    discard(&fixture->load);
    discard(&fixture->server);
    discard(&fixture->successor);
    close(fixture->listener);
    folder_remove(fixture->folder);
    free(fixture->control);
    free(fixture->build);
    free(fixture);
    return 0;
}

/* ---- Starting and asking ---- */

#define ARGUMENTS(...)            \
    .argv = (const char *const[]) \
    {                             \
        __VA_ARGS__, NULL         \
    }
#define PASS(array, ...)                                              \
    .descriptors = (array), .count = sizeof(array) / sizeof *(array), \
    .environ_ = (const char *const[])                                 \
    {                                                                 \
        "LISTEN_PID=$PID", __VA_ARGS__, NULL                          \
    }

/* A program of the build folder, in the fixture's folder. */
static void start(struct fixture *fixture, struct process *process, struct launch launch)
{
    char *program = path_in(fixture->build, launch.argv[0]);
    const char *const argv[] = {program, launch.argv[1], launch.argv[1] ? launch.argv[2] : NULL,
                                NULL};

    launch.argv = argv;
    launch.folder = fixture->folder;
    process_start(process, &launch);
    free(program);
}

static void start_hello(struct fixture *fixture, struct process *process)
{
    const int descriptors[] = {fixture->listener};

    start(fixture, process,
          (struct launch){ARGUMENTS("examples/hello"), PASS(descriptors, "LISTEN_FDS=1")});
}

static void start_control(struct fixture *fixture)
{
    const int descriptors[] = {fixture->listener};

    start(fixture, &fixture->server,
          (struct launch){ARGUMENTS("examples/control"),
                          PASS(descriptors, "LISTEN_FDS=1", "LISTEN_FDNAMES=http")});
}

/* It ends by itself, and says only this and why. */
static void expect_refusal(struct process *process, const char *beginning)
{
    assert_int_equal(process_wait(process), 1);
    process_line_with(process, beginning);
    assert_null(process_line(process));
}

/* The whole answer comes from that process. */
static void expect_hello_from(char *answer, const struct process *server)
{
    char body[64], expected[256];

    snprintf(body, sizeof body, "hello from process %ld\n", (long)server->pid);
    snprintf(expected, sizeof expected,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
             body);
    assert_string_equal(answer, expected);
    free(answer);
}

static void stop_hello(struct process *server)
{
    process_signal(server, SIGTERM);
    assert_int_equal(process_wait(server), 0);
    discard(server);
}

/* ---- hello, alone ---- */

/* -1 when nobody listens; or when the socket found itself, as happens on loopback. */
static int try_to_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && port_of_socket(fd) != port)
        return fd;
    close(fd);
    return -1;
}

/* A connection to a server that is about to listen; -1 when it ended instead. */
static int connect_when_ready(const struct process *server, int port)
{
    struct pollfd end = {.fd = server->output, .events = POLLIN};

    for (int waited = 0; waited < DEADLINE_MS; waited += 5) {
        int fd = try_to_connect(port);
        if (fd >= 0)
            return fd;
        if (poll(&end, 1, 5) != 0)
            return -1;
    }
    fail_msg("nobody listens on port %d in time", port);
    return -1;
}

/* Its port is one that was free just now: somebody may be faster, so it gets several tries. */
static int start_alone(struct fixture *fixture)
{
    for (int i = 0; i < 5; i++) {
        int listener = internet_socket(SOCK_STREAM, "127.0.0.1"), port = port_of_socket(listener);
        char address[32];
        int fd;

        close(listener);
        snprintf(address, sizeof address, "127.0.0.1:%d", port);
        start(fixture, &fixture->server, (struct launch){ARGUMENTS("examples/hello", address)});
        fd = connect_when_ready(&fixture->server, port);
        if (fd >= 0)
            return fd;
        discard(&fixture->server);
    }
    fail_msg("hello cannot listen");
    return -1;
}

static void test_hello_alone(void **state)
{
    struct fixture *fixture = *state;

    expect_hello_from(exchange(start_alone(fixture), REQUEST), &fixture->server);
    stop_hello(&fixture->server);
}

static void test_hello_address_in_use(void **state)
{
    struct fixture *fixture = *state;
    char address[32], sentence[96];

    snprintf(address, sizeof address, "127.0.0.1:%d", fixture->port);
    snprintf(sentence, sizeof sentence, "hello: cannot listen on %s: %s", address,
             strerror(EADDRINUSE));
    start(fixture, &fixture->server, (struct launch){ARGUMENTS("examples/hello", address)});
    expect_refusal(&fixture->server, sentence);
}

/* ---- hello, with a passed socket ---- */

static void test_hello_passed(void **state)
{
    struct fixture *fixture = *state;

    start_hello(fixture, &fixture->server);
    for (int i = 0; i < 3; i++)
        expect_hello_from(exchange(connect_port(fixture->port), REQUEST), &fixture->server);
    stop_hello(&fixture->server);
}

/* No reason to bind: that would end in "Address already in use". */
static void test_hello_wrong_socket(void **state)
{
    struct fixture *fixture = *state;
    const int descriptors[] = {internet_socket(SOCK_DGRAM, "127.0.0.1")};
    char sentence[96];

    snprintf(sentence, sizeof sentence,
             "hello: socket 0, named 'unknown', is udp socket 127.0.0.1:%d, where a tcp listener "
             "was expected",
             port_of_socket(descriptors[0]));
    start(fixture, &fixture->server,
          (struct launch){ARGUMENTS("examples/hello"), PASS(descriptors, "LISTEN_FDS=1")});
    close(descriptors[0]);
    expect_refusal(&fixture->server, sentence);
}

/* Somebody waits to be accepted. */
static void wait_for_queue(int listener)
{
    struct pollfd queue = {.fd = listener, .events = POLLIN};

    if (poll(&queue, 1, DEADLINE_MS) != 1)
        fail_msg("the queue is empty: somebody accepted");
}

static void wait_for_empty_queue(int listener)
{
    struct pollfd queue = {.fd = listener, .events = POLLIN};

    for (int waited = 0; waited < DEADLINE_MS; waited++) {
        if (poll(&queue, 1, 0) == 0)
            return;
        usleep(1000);
    }
    fail_msg("nobody accepts");
}

static void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
}

/* The request in hand is finished; who still waits in the queue waits for the next server. */
static void test_hello_hands_over(void **state)
{
    struct fixture *fixture = *state;
    int in_hand = connect_port(fixture->port), waiting;

    send_text(in_hand, "GET / HTTP/1.1\r\nHo");
    wait_for_queue(fixture->listener);
    start_hello(fixture, &fixture->server);
    wait_for_empty_queue(fixture->listener);
    waiting = connect_port(fixture->port);
    send_text(waiting, REQUEST);

    process_signal(&fixture->server, SIGTERM);
    expect_hello_from(exchange(in_hand, "st: localhost\r\n\r\n"), &fixture->server);
    assert_int_equal(process_wait(&fixture->server), 0);
    wait_for_queue(fixture->listener);

    start_hello(fixture, &fixture->successor);
    expect_hello_from(exchange(waiting, ""), &fixture->successor);
    stop_hello(&fixture->successor);
}

static void test_hello_restarts_under_load(void **state)
{
    struct fixture *fixture = *state;
    char port[16];

    snprintf(port, sizeof port, "%d", fixture->port);
    start(fixture, &fixture->load, (struct launch){ARGUMENTS("tests/load/load", "4", port)});
    start_hello(fixture, &fixture->server);
    process_line_with(&fixture->load, "started");
    for (int i = 0; i < RESTARTS; i++) {
        stop_hello(&fixture->server);
        start_hello(fixture, &fixture->server);
        expect_hello_from(exchange(connect_port(fixture->port), REQUEST), &fixture->server);
    }
    process_signal(&fixture->load, SIGTERM);
    assert_int_equal(process_wait(&fixture->load), 0);
    assert_non_null(strstr(fixture->load.text, " requests, 0 refused, 0 reset, 0 lost, "));
    stop_hello(&fixture->server);
}

/* ---- control ---- */

static void expect_control(const struct fixture *fixture, const char *command, const char *expected)
{
    char *answer = exchange(connect_path(SOCK_STREAM, fixture->control), command);

    assert_string_equal(answer, expected);
    free(answer);
}

static void expect_http(const struct fixture *fixture)
{
    char *answer = exchange(connect_port(fixture->port), REQUEST);

    assert_string_equal(answer,
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\nhello\n");
    free(answer);
}

static int exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void test_control_by_name(void **state)
{
    struct fixture *fixture = *state;
    const int descriptors[] = {unix_socket(SOCK_STREAM, fixture->control), fixture->listener};

    start(fixture, &fixture->server,
          (struct launch){ARGUMENTS("examples/control"),
                          PASS(descriptors, "LISTEN_FDS=2", "LISTEN_FDNAMES=control:http")});
    close(descriptors[0]);
    expect_control(fixture, "count\n", "0\n");
    expect_http(fixture);
    expect_http(fixture);
    expect_control(fixture, "count\n", "2\n");
    expect_control(fixture, "count", "2\n");
    expect_control(fixture, "dance\n", "expected count or stop\n");
    expect_control(fixture, "", "expected count or stop\n");
    expect_control(fixture, "stop\n", "stopping\n");
    assert_int_equal(process_wait(&fixture->server), 0);
    assert_true(exists(fixture->control)); /* the launcher's */
}

static void test_control_removes_what_it_bound(void **state)
{
    struct fixture *fixture = *state;

    start_control(fixture);
    expect_http(fixture); /* it answers once both sockets are there */
    assert_true(exists(fixture->control));
    expect_control(fixture, "count\n", "1\n");
    expect_control(fixture, "stop\n", "stopping\n");
    assert_int_equal(process_wait(&fixture->server), 0);
    assert_false(exists(fixture->control));
}

static void test_control_finishes_the_request(void **state)
{
    struct fixture *fixture = *state;
    int in_hand = connect_port(fixture->port);
    char *answer;

    send_text(in_hand, "GET / HTTP/1.1\r\nHo");
    start_control(fixture);
    wait_for_empty_queue(fixture->listener);
    process_signal(&fixture->server, SIGTERM);
    answer = exchange(in_hand, "st: localhost\r\n\r\n");
    assert_non_null(strstr(answer, "\r\n\r\nhello\n"));
    free(answer);
    assert_int_equal(process_wait(&fixture->server), 0);
    assert_false(exists(fixture->control));
}

static void test_control_after_a_crash(void **state)
{
    struct fixture *fixture = *state;

    start_control(fixture);
    expect_http(fixture);
    process_signal(&fixture->server, SIGKILL);
    assert_int_equal(process_wait(&fixture->server), 128 + SIGKILL);
    assert_true(exists(fixture->control));
    discard(&fixture->server);

    start_control(fixture);
    expect_http(fixture);
    expect_control(fixture, "stop\n", "stopping\n");
    assert_int_equal(process_wait(&fixture->server), 0);
}

static void test_control_path_in_use(void **state)
{
    struct fixture *fixture = *state;
    int owner = unix_socket(SOCK_STREAM, fixture->control);

    start_control(fixture);
    expect_refusal(&fixture->server, "control: cannot listen on ./control.sock: ");
    close(connect_path(SOCK_STREAM, fixture->control));
    close(owner);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, prepare, clean_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hello_alone),
        TEST(test_hello_address_in_use),
        TEST(test_hello_passed),
        TEST(test_hello_wrong_socket),
        TEST(test_hello_hands_over),
        TEST(test_hello_restarts_under_load),
        TEST(test_control_by_name),
        TEST(test_control_removes_what_it_bound),
        TEST(test_control_after_a_crash),
        TEST(test_control_path_in_use),
        TEST(test_control_finishes_the_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
