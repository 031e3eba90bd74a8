/* SPDX-License-Identifier: MIT
 * systemfd beside systemd-socket-activate: each difference that README.md tells of, and that the
 * former can do all that the latter does. Their clients come to the unix socket "sock". */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHELL(script) "sh", "-c", script

static struct process activate;

static int tear_down(void **state)
{
    if (activate.output > 0)
        process_discard(&activate);
    memset(&activate, 0, sizeof activate);
    return remove_project(state);
}

/* With its socket at that path: it takes no other form of a relative one. */
#define ACTIVATE(...) \
    start_activate(   \
        (const char *const[]){"systemd-socket-activate", "-l", socket_path, __VA_ARGS__, NULL})

static char *socket_path;

static int set_up(void **state)
{
    create_project(state);
    free(socket_path);
    socket_path = path_in(project, "sock");
    return 0;
}

static void start_activate(const char *const *argv)
{
    if (!have_program(argv[0]))
        skip_because("%s is missing: install systemd", argv[0]);
    process_start(&activate, &(struct launch){.argv = argv, .folder = project});
    process_line_with(&activate, "Listening on ");
}

static void end_activate(void)
{
    process_discard(&activate);
    memset(&activate, 0, sizeof activate);
    unlink(socket_path);
}

static char *answer_of(const char *question)
{
    return exchange(connect_path(SOCK_STREAM, socket_path), question);
}

static void check_answer(const char *question, const char *expected)
{
    char *answer = answer_of(question);

    assert_string_equal(answer, expected);
    free(answer);
}

/* ---- The command ---- */

/* The same server under both, started by its first client. */
static void test_first_client(void **state)
{
    (void)state;
    ACTIVATE("probe", "unix_listener", "index", "0");
    assert_int_equal(count_lines("status "), 0);
    check_answer("", "hello from unknown\n");
    end_activate();
    START("--lazy", "-s", "./sock", "--", "probe", "unix_listener", "index", "0");
    expect("~> waiting for the first client");
    check_answer("", "hello from unknown\n");
}

#define PYTHON_ONE   \
    "python3", "-c", \
        "import socket; client, _ = socket.socket(fileno=3).accept(); client.sendall(b'one\\n')"

/* When the command has ended, all is over; or the next client starts it again. */
static void test_next_client(void **state)
{
    (void)state;
    ACTIVATE(PYTHON_ONE);
    check_answer("", "one\n");
    assert_int_equal(process_wait(&activate), 0);
    end_activate();
    START("--lazy", "-s", "./sock", "--", PYTHON_ONE);
    expect("~> waiting for the first client");
    for (int i = 0; i < 3; i++)
        check_answer("", "one\n");
}

#define TELLS_COLOR SHELL("echo \"color ${COLOR-unknown}\" >&3")

static void test_environment(void **state)
{
    (void)state;
    setenv("COLOR", "blue", 1);
    ACTIVATE("--accept", TELLS_COLOR);
    check_answer("", "color unknown\n");
    end_activate();
    ACTIVATE("--accept", "-E", "COLOR", TELLS_COLOR);
    check_answer("", "color blue\n");
    end_activate();
    START("--accept", "-s", "./sock", "--", TELLS_COLOR);
    unsetenv("COLOR");
    expect("~> accepting");
    check_answer("", "color blue\n");
}

/* ---- A process per connection ---- */

#define TELLS_ADDRESS \
    SHELL("echo \"$LISTEN_FDS ${LISTEN_FDNAMES-unnamed} ${REMOTE_ADDR-nowhere}\" >&3")

static void test_accept(void **state)
{
    char *answer;

    (void)state;
    ACTIVATE("--accept", TELLS_ADDRESS);
    answer = answer_of("");
    assert_non_null(strstr(answer, "1 "));
    assert_non_null(strstr(answer, " nowhere\n"));
    free(answer);
    end_activate();
    START("--accept", "-s", "./sock", "-s", "http::0", "--", TELLS_ADDRESS);
    expect("~> accepting");
    check_answer("", "1 connection nowhere\n");
    answer = exchange(connect_port(ports[0] ? ports[0] : ports[1]), "");
    assert_string_equal(answer, "1 connection 127.0.0.1\n");
    free(answer);
}

static void test_inetd(void **state)
{
    (void)state;
    ACTIVATE("--accept", "--inetd", "cat");
    check_answer("back and forth", "back and forth");
    end_activate();
    START("--accept", "--inetd", "-s", "./sock", "--", "cat");
    expect("~> accepting");
    check_answer("back and forth", "back and forth");
}

/* Those that are served, of so many that hold on. */
static size_t count_served(pid_t launcher, int clients[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        clients[i] = connect_path(SOCK_STREAM, socket_path);
    WAIT_UNTIL(children_of(launcher) >= 64);
    return children_of(launcher);
}

static void test_limit(void **state)
{
    enum { CLIENTS = 70 };
    int clients[CLIENTS];

    (void)state;
    ACTIVATE("--accept", "--inetd", "cat");
    count_served(activate.pid, clients, CLIENTS);
    WAIT_UNTIL(children_of(activate.pid) == CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++)
        close(clients[i]);
    end_activate();
    START("--accept", "--inetd", "-s", "./sock", "--", "cat");
    expect("~> accepting");
    count_served(systemfd.pid, clients, CLIENTS);
    expect("~> 64 connections are served; until one ends, others wait");
    assert_int_equal(children_of(systemfd.pid), 64);
    for (size_t i = 0; i < CLIENTS; i++)
        close(clients[i]);
    for (size_t i = 64; i < CLIENTS; i++)
        expect("~> process ");
}

/* ---- The sockets ---- */

/* All are of one type, or each of its own. */
static void test_types(void **state)
{
    char *text;

    (void)state;
    if (!have_program("systemd-socket-activate"))
        skip_because("install systemd");
    assert_int_not_equal(shell_status(&text,
                                      "systemd-socket-activate --datagram --seqpacket -l '%s' true",
                                      socket_path),
                         0);
    free(text);
    text = shell("cd '%s' && systemfd -q -s 0 -s udp::0 -s ./a -s unix-datagram::b -s "
                 "unix-seqpacket::c -- probe",
                 project);
    assert_non_null(strstr(text, "socket 0 fd 3 name 'unknown' cloexec tcp listener "));
    assert_non_null(strstr(text, "socket 1 fd 4 name 'unknown' cloexec udp "));
    assert_non_null(strstr(text, "socket 4 fd 7 name 'unknown' cloexec unix seqpacket listener "));
    free(text);
}

/* A file that is none of their business. */
static void test_file_at_the_path(void **state)
{
    (void)state;
    put("sock", "precious");
    ACTIVATE("--accept", "--inetd", "cat");
    in_project("test -S sock");
    end_activate();
    put("sock", "precious");
    in_project("! systemfd --accept --inetd -s ./sock -- cat && grep precious sock");
}

#define BESIDE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BESIDE(test_first_client), BESIDE(test_next_client),
        BESIDE(test_environment),  BESIDE(test_accept),
        BESIDE(test_inetd),        BESIDE(test_limit),
        BESIDE(test_types),        BESIDE(test_file_at_the_path),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
