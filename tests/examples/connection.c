/* SPDX-License-Identifier: MIT
 * The example for Accept=yes: one process per connection, under the launchers that accept. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A loopback address of our own: a port that was free there a moment ago still is. */
#define HOST "127.83.65.3"

static struct process launcher, program;

static int tear_down(void **state)
{
    if (launcher.output > 0)
        process_discard(&launcher);
    if (program.output > 0)
        process_discard(&program);
    return remove_project(state);
}

/* Which process answers? */
static pid_t answerer(int fd)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char *answer, *words;
    pid_t pid;

    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (int)strlen(request));
    answer = finish_request(fd);
    words = strstr(answer, "hello from process ");
    pid = words ? (pid_t)atol(words + 19) : 0;
    free(answer);
    assert_true(pid > 0);
    return pid;
}

/* ---- Under systemd-socket-activate ---- */

static void activate(const char *address, const char *option)
{
    const char *const argv[] = {
        "systemd-socket-activate",    "--accept", "-l", address, option ? option : "connection",
        option ? "connection" : NULL, NULL};

    if (!have_program(argv[0]))
        skip_because("%s is missing: install systemd", argv[0]);
    process_start(&launcher, &(struct launch){.argv = argv, .folder = project});
    process_line_with(&launcher, "Listening on ");
}

static void accept_tcp(const char *option)
{
    int listener = internet_socket(SOCK_STREAM, HOST), port = port_of_socket(listener);
    pid_t first, second;
    char address[32];

    close(listener);
    snprintf(address, sizeof address, HOST ":%d", port);
    activate(address, option);
    first = answerer(connect_host(HOST, port));
    second = answerer(connect_host(HOST, port));
    assert_int_not_equal(first, second);
    assert_int_not_equal(first, launcher.pid);
}

static void test_accepted_tcp(void **state)
{
    (void)state;
    accept_tcp(NULL);
}

/* Nothing is passed then: the connection is the standard input. */
static void test_inetd(void **state)
{
    (void)state;
    accept_tcp("--inetd");
}

static void test_accepted_unix(void **state)
{
    char *path = path_in(project, "socket");
    pid_t first, second;

    (void)state;
    activate(path, NULL);
    first = answerer(connect_path(SOCK_STREAM, path));
    second = answerer(connect_path(SOCK_STREAM, path));
    assert_int_not_equal(first, second);
    free(path);
}

/* ---- Under systemfd ---- */

static void accept_by_systemfd(const char *option)
{
    char *path = path_in(project, "socket");
    pid_t first, second;

    START("--accept", option, "-s", "http::0", "-s", "./socket", "--", "connection");
    first = answerer(connect_port(ports[0]));
    second = answerer(connect_port(ports[0]));
    assert_int_not_equal(first, second);
    assert_int_not_equal(answerer(connect_path(SOCK_STREAM, path)), second);
    free(path);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

static void test_systemfd(void **state)
{
    (void)state;
    accept_by_systemfd("--color=never");
}

static void test_systemfd_inetd(void **state)
{
    (void)state;
    accept_by_systemfd("--inetd");
}

/* ---- By itself ---- */

static void start(int fd)
{
    const char *const argv[] = {"connection", NULL};
    const char *const variables[] = {"LISTEN_FDS=1", "LISTEN_PID=$PID", NULL};

    process_start(
        &program,
        &(struct launch){.argv = argv, .environ_ = variables, .descriptors = &fd, .count = 1});
}

static int is_read(int fd)
{
    int unread = -1;

    ioctl(fd, FIONREAD, &unread);
    return unread == 0;
}

static void test_request_in_hand(void **state)
{
    static const char beginning[] = "GET / HTTP/1.1\r\nHo", rest[] = "st: localhost\r\n\r\n";
    int client, accepted = tcp_connection(&client);
    char *answer;

    (void)state;
    assert_int_equal(send(client, beginning, strlen(beginning), 0), (int)strlen(beginning));
    start(accepted);
    WAIT_UNTIL(is_read(accepted));
    process_signal(&program, SIGTERM);
    assert_int_equal(send(client, rest, strlen(rest), 0), (int)strlen(rest));
    close(accepted);
    answer = finish_request(client);
    assert_non_null(strstr(answer, "hello from process "));
    free(answer);
    assert_int_equal(process_wait(&program), 0);
}

static void expect_refusal(const char *sentence)
{
    assert_int_equal(process_wait(&program), 1);
    process_line_with(&program, sentence);
}

static void test_listener(void **state)
{
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    char sentence[128];

    (void)state;
    snprintf(sentence, sizeof sentence,
             "connection: socket 0, named 'unknown', is tcp listener "
             "127.0.0.1:%d, where a connected tcp stream was expected",
             port_of_socket(listener));
    start(listener);
    close(listener);
    expect_refusal(sentence);
}

static void test_nothing_passed(void **state)
{
    const char *const argv[] = {"connection", NULL};

    (void)state;
    process_start(&program, &(struct launch){.argv = argv});
    expect_refusal("connection: no connection was passed: ");
}

#define IN_FOLDER(function) cmocka_unit_test_setup_teardown(function, create_project, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_accepted_tcp),   IN_FOLDER(test_inetd),
        IN_FOLDER(test_accepted_unix),  IN_FOLDER(test_systemfd),
        IN_FOLDER(test_systemfd_inetd), IN_FOLDER(test_request_in_hand),
        IN_FOLDER(test_listener),       IN_FOLDER(test_nothing_passed),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
