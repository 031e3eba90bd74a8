/* SPDX-License-Identifier: MIT
 * systemfd --accept: a process for each connection, as Accept=yes and inetd have it. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SHELL(script) "--", "sh", "-c", script

/* Each process says "served", and ends when its client sends a line or closes. */
#define HOLDS SHELL("echo served >&3; read line <&3")

static const char accepting[] = "~> accepting: each connection starts the command";

/* ---- Clients ---- */

/* The line that a process has sent, without its newline; "" if the connection was closed. */
static const char *read_line(int fd)
{
    static char line[256];
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    size_t length = 0;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    while (length < sizeof line - 1 && recv(fd, line + length, 1, 0) == 1 && line[length] != '\n')
        length++;
    line[length] = '\0';
    return line;
}

static void check_answer(int fd, const char *expected)
{
    char *answer = exchange(fd, "");

    assert_string_equal(answer, expected);
    free(answer);
}

static int connect_sock(int type)
{
    char *path = path_in(project, "sock");
    int fd = connect_path(type, path);

    free(path);
    return fd;
}

static void end_systemfd(void)
{
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* ---- What each process finds ---- */

#define TELLS                                                                                   \
    SHELL("test $LISTEN_PID = $$ && echo \"$LISTEN_FDS $LISTEN_FDNAMES ${REMOTE_ADDR-nowhere} " \
          "${REMOTE_PORT-none}\" >&3")

/* "... http://[::1]:PORT/ -> ..." */
static int port_of_first_socket(void)
{
    const char *port = strstr(systemfd.text, "/ -> ");

    assert_non_null(port);
    while (port[-1] != ':')
        port--;
    return atoi(port);
}

static void check_internet_client(const char *socket, const char *host)
{
    char expected[128];
    int port, client;

    setenv("REMOTE_ADDR", "stale", 1);
    START("--accept", "-s", socket, TELLS);
    unsetenv("REMOTE_ADDR");
    port = port_of_first_socket();
    expect(accepting);
    client = connect_host(host, port);
    snprintf(expected, sizeof expected, "1 connection %s %d\n", host, port_of_socket(client));
    check_answer(client, expected);
    end_systemfd();
    process_discard(&systemfd);
}

static void test_internet_clients(void **state)
{
    (void)state;
    check_internet_client("http::0", "127.0.0.1");
    check_internet_client("http::[::1]:0", "::1");
    check_internet_client("http::*:0", "127.0.0.1"); /* the socket is an IPv6 one */
}

static void test_unix_clients(void **state)
{
    char *answer;

    (void)state;
    START("--accept", "-s", "./sock", TELLS);
    expect(accepting);
    check_answer(connect_sock(SOCK_STREAM), "1 connection nowhere none\n");
    expect("~> process ");
    answer = shell("cd '%s' && python3 -c 'import socket\n"
                   "client = socket.socket(socket.AF_UNIX)\n"
                   "client.bind(\"./client\")\n"
                   "client.connect(\"sock\")\n"
                   "print(client.makefile().read())'",
                   project);
    assert_string_equal(answer, "1 connection ./client none\n\n");
    free(answer);
    end_systemfd();
}

static void test_seqpacket(void **state)
{
    (void)state;
    START("--accept", "-s", "unix-seqpacket::sock", TELLS);
    expect(accepting);
    check_answer(connect_sock(SOCK_SEQPACKET), "1 connection nowhere none\n");
    end_systemfd();
}

/* The library takes the connection. No other descriptor is open. */
static void test_probe(void **state)
{
    (void)state;
    START("--accept", "-s", "http::0", "--", "probe", "tcp_stream", "index", "0");
    expect(accepting);
    check_answer(connect_port(ports[0]), "hello from connection\n");
    WAIT_UNTIL(process_line(&systemfd) && strstr(systemfd.text, "] others none\n"));
    assert_non_null(strstr(systemfd.text, " name 'connection' "));
    end_systemfd();
}

/* ---- inetd ---- */

static void test_inetd(void **state)
{
    char *answer;

    (void)state;
    START("--accept", "--inetd", "-s", "http::0", "--", "cat");
    expect(accepting);
    answer = exchange(connect_port(ports[0]), "echo this\nand that");
    assert_string_equal(answer, "echo this\nand that");
    free(answer);
    end_systemfd();
}

/* The connection is passed as 0 and 1 only; standard error is still copied. */
static void test_descriptors_of_inetd(void **state)
{
    char line[64];

    (void)state;
    START("--accept", "--inetd", "-s", "http::0",
          SHELL("echo to the log >&2; "
                "test -e /proc/$$/fd/3 || echo \"$REMOTE_ADDR ${LISTEN_FDS-none}\""));
    expect(accepting);
    check_answer(connect_port(ports[0]), "127.0.0.1 none\n");
    snprintf(line, sizeof line, "[%ld] to the log", atol(expect("~> process ") + 11));
    expect(line);
    end_systemfd();
}

/* Without --accept the listener is passed, as with inetd's "wait". */
static void test_inetd_listener(void **state)
{
    char *text =
        shell("systemfd -q --inetd -s udp::0 -- sh -c 'test -S /dev/fd/0 && "
              "test /dev/fd/0 -ef /dev/fd/1 && echo \"same ${LISTEN_FDS-none}\" >&2' 2>&1");

    (void)state;
    assert_string_equal(text, "same none\n");
    free(text);
}

/* ---- Output ---- */

/* Each line comes whole, with the ID of its process, in whatever order processes write. */
static void test_output(void **state)
{
    static const char writes[] =
        "printf 'one of '; echo ok >&3; read line <&3; echo $line; printf 'last one'";
    int first, second;
    long numbers[2];
    char line[64];

    (void)state;
    START("--accept", "-s", "http::0", SHELL(writes));
    expect(accepting);
    first = connect_port(ports[0]);
    assert_string_equal(read_line(first), "ok");
    second = connect_port(ports[0]);
    assert_string_equal(read_line(second), "ok");
    numbers[0] = atol(expect("~> process ") + 11);
    numbers[1] = atol(expect("~> process ") + 11);
    check_answer(second, ""); /* ends its input */
    snprintf(line, sizeof line, "[%ld] one of ", numbers[1]);
    assert_string_equal(expect(line), line);
    snprintf(line, sizeof line, "[%ld] last one", numbers[1]);
    expect(line);
    assert_int_equal(send(first, "two\n", 4, MSG_NOSIGNAL), 4);
    snprintf(line, sizeof line, "[%ld] one of two", numbers[0]);
    expect(line);
    close(first);
    end_systemfd();
}

/* A line that does not end is put out in pieces. */
static void test_long_line(void **state)
{
    size_t length = 0;
    const char *line;

    (void)state;
    START("--accept", "-s", "http::0", SHELL("head -c 5000 /dev/zero | tr '\\0' x"));
    expect(accepting);
    close(connect_port(ports[0]));
    for (expect("~> process "); length < 5000; length += strspn(strchr(line, ' ') + 1, "x"))
        line = expect("[");
    assert_int_equal(length, 5000);
    end_systemfd();
}

static void test_failures_are_told(void **state)
{
    (void)state;
    START("--accept", "-s", "http::0", SHELL("read line <&3; exit 3"));
    expect(accepting);
    check_answer(connect_port(ports[0]), "");
    assert_non_null(strstr(expect("~> process "), " serves 127.0.0.1:"));
    assert_non_null(strstr(expect("~> process "), " failed: exit status 3"));
    end_systemfd();
}

/* ---- Many ---- */

static void test_limit(void **state)
{
    int first, second, third;

    (void)state;
    START("--accept=2", "-s", "http::0", HOLDS);
    expect(accepting);
    first = connect_port(ports[0]);
    second = connect_port(ports[0]);
    assert_string_equal(read_line(first), "served");
    assert_string_equal(read_line(second), "served");
    expect("~> 2 connections are served; until one ends, others wait (--accept=2)");
    third = connect_port(ports[0]);
    assert_int_equal(children_of(systemfd.pid), 2);
    close(first);
    assert_string_equal(read_line(third), "served");
    close(second);
    close(third);
    WAIT_UNTIL(children_of(systemfd.pid) == 0);
    end_systemfd();
}

static size_t descriptors_of(pid_t pid)
{
    char path[64];
    size_t count = 0;
    DIR *folder;

    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void test_nothing_stays_open(void **state)
{
    size_t before;

    (void)state;
    START("--accept", "--inetd", "-s", "http::0", "--", "echo", "hello");
    expect(accepting);
    before = descriptors_of(systemfd.pid);
    for (int i = 0; i < 100; i++)
        check_answer(connect_port(ports[0]), "hello\n");
    WAIT_UNTIL(children_of(systemfd.pid) == 0 && descriptors_of(systemfd.pid) == before);
    assert_int_equal(zombies_of(systemfd.pid), 0);
    end_systemfd();
}

/* Clients wait until there are free descriptors again, and are served then. */
static void test_too_few_descriptors(void **state)
{
    enum { CLIENTS = 24 };
    static const char *const argv[] = {"prlimit", "--nofile=40", "systemfd", "--accept",
                                       "-s",      "http::0",     HOLDS,      NULL};
    int clients[CLIENTS];

    (void)state;
    start_systemfd(argv);
    expect(accepting);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = connect_port(ports[0]);
    expect("~> cannot ");
    for (int i = 0; i < CLIENTS; i++) { /* in the order in which they came */
        assert_string_equal(read_line(clients[i]), "served");
        close(clients[i]);
    }
    WAIT_UNTIL(children_of(systemfd.pid) == 0);
    end_systemfd();
    assert_in_range(count_lines("~> cannot "), 1, CLIENTS);
}

/* ---- The end ---- */

static void test_end(void **state)
{
    int client;

    (void)state;
    START("--accept", "-s", "http::0", "-s", "./sock",
          SHELL("trap 'echo ended >&3; exit 5' TERM; echo served >&3; read line <&3"));
    expect(accepting);
    client = connect_port(ports[0]);
    assert_string_equal(read_line(client), "served");
    end_systemfd();
    assert_string_equal(read_line(client), "ended");
    assert_int_equal(count_lines("~> process "), 1);
    in_project("test ! -e sock");
    close(client);
}

/* The second signal ends a process that ignores TERM, and what it has left behind. */
static void test_second_signal(void **state)
{
    int client;

    (void)state;
    START("--accept", "-s", "http::0",
          SHELL("trap '' TERM; sleep 1000 & echo served >&3; while :; do wait; done"));
    expect(accepting);
    client = connect_port(ports[0]);
    assert_string_equal(read_line(client), "served");
    process_signal(&systemfd, SIGINT);
    expect("~> waiting for 1 connection; a second signal ends it at once");
    process_signal(&systemfd, SIGINT);
    assert_dies_of(SIGINT);
    close(client);
}

static void test_stop_timeout(void **state)
{
    int client;

    (void)state;
    START("--accept", "--stop-timeout", "0", "-s", "http::0",
          SHELL("trap '' TERM; echo served >&3; while :; do sleep 1000; done"));
    expect(accepting);
    client = connect_port(ports[0]);
    assert_string_equal(read_line(client), "served");
    end_systemfd();
    assert_int_equal(count_lines("~> process "), 2); /* "serves", "does not stop" */
    close(client);
}

/* Processes left behind by one that has ended are ended, too, as in a systemd service. */
static void test_left_behind(void **state)
{
    (void)state;
    START("--accept", "-s", "http::0", SHELL("sleep 1000 <&- 3<&- & echo $!"));
    expect(accepting);
    check_answer(connect_port(ports[0]), "");
    WAIT_UNTIL(children_of(systemfd.pid) == 0);
    end_systemfd();
}

/* ---- With a build ---- */

static void allow(const char *what)
{
    in_project("echo >../%s", what);
}

/* Clients that come during a build get what it makes. A failed build changes nothing. */
static void test_build(void **state)
{
    int waits;

    (void)state;
    put("text", "one\n");
    START("--accept", "--inetd", "-s", "http::0", "--watch", "text", "--build",
          "echo building; until test -e ../go; do sleep 0.01; done; rm ../go; "
          "if grep bad text; then exit 1; fi; cp text ../made",
          "--", "cat", "../made");
    expect("building");
    waits = connect_port(ports[0]);
    allow("go");
    check_answer(waits, "one\n");
    expect(accepting);

    put("text", "two\n");
    expect("building");
    waits = connect_port(ports[0]);
    allow("go");
    check_answer(waits, "two\n");
    expect("~> accepting: from now on each connection starts the new command");

    put("text", "bad\n");
    expect("building");
    allow("go");
    assert_non_null(strstr(expect("~> the build failed after "),
                           "; connections go on to start the command that is there"));
    check_answer(connect_port(ports[0]), "two\n");
    end_systemfd();
}

/* Until a first build succeeds, clients get the error page. */
static void test_error_page(void **state)
{
    char *answer;

    (void)state;
    put("bad", "");
    START("--accept", "--inetd", "-s", "http::0", "--watch", ".", "--build",
          "! test -e bad || { echo the reason; exit 1; }", SHELL("echo made"));
    expect("~> the build failed after ");
    answer = ask(ports[0], "/");
    assert_non_null(strstr(answer, " 503 "));
    assert_non_null(strstr(answer, "the reason"));
    free(answer);
    in_project("rm bad");
    expect(accepting);
    check_answer(connect_port(ports[0]), "made\n");
    end_systemfd();
}

/* ---- Refused ---- */

static void check_refused(const char *arguments, const char *sentence)
{
    char command[256];

    snprintf(command, sizeof command, "systemfd %s -- true", arguments);
    assert_refused(command, sentence);
}

static void test_refused(void **state)
{
    (void)state;
    check_refused("--accept", "--accept wants a socket to listen on; open one with -s");
    check_refused("--accept -s 0 -s udp::0", "--accept wants listeners, and 127.0.0.1:");
    check_refused("--accept -s unix-datagram::./s", "--accept wants listeners, and ./s is none: "
                                                    "datagrams come without a connection");
    in_project("test ! -e s");
    check_refused("--accept=0 -s 0", "--accept '0' is not a number from 1 to 256");
    check_refused("--accept=257 -s 0", "--accept '257' is not a number from 1 to 256");
    check_refused("--accept 5 -s 0", "the value of --accept stands after '=': --accept=5");
    check_refused("--accept --stop-first -s 0", "--stop-first does nothing with --accept");
    check_refused("--accept --exit-with-server -s 0",
                  "--exit-with-server does nothing with --accept");
    check_refused("--accept --settle 5 -s 0", "--settle does nothing with --accept");
    check_refused("--accept --placeholders -s 0", "--placeholders does nothing with --accept");
    check_refused("--accept --export einhorn -s 0", "--export does nothing with --accept");
    check_refused("--inetd", "--inetd passes one socket, and there are 0");
    check_refused("--inetd -s 0 -s 0", "--inetd passes one socket, and there are 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_internet_clients),
        TEST(test_unix_clients),
        TEST(test_seqpacket),
        TEST(test_probe),
        TEST(test_inetd),
        TEST(test_descriptors_of_inetd),
        TEST(test_inetd_listener),
        TEST(test_output),
        TEST(test_long_line),
        TEST(test_failures_are_told),
        TEST(test_limit),
        TEST(test_nothing_stays_open),
        TEST(test_too_few_descriptors),
        TEST(test_end),
        TEST(test_second_signal),
        TEST(test_stop_timeout),
        TEST(test_left_behind),
        TEST(test_build),
        TEST(test_error_page),
        TEST(test_refused),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
