/* SPDX-License-Identifier: MIT
 * Ready means accepting. Servers load for a while, and then wait for connections in all the ways
 * there are (tests/support/waits.c). They replace the old server when they accept, and not before.
 */
#include "devserver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How long a server loads, in milliseconds. */
#define LOAD "1500"
/* NOT_BEFORE_MS is less than LOAD_MS since, on a busy machine, systemfd begins to count some time
 * after the server has begun to load. A request that takes FELT_MS has waited for a server to load.
 */
enum { LOAD_MS = 1500, NOT_BEFORE_MS = LOAD_MS / 2, FELT_MS = 1100, CLIENTS = 4, RESTARTS = 2 };

#define START_HUP(...) START("-s", "http::0", "--restart-on-hup", "--", __VA_ARGS__)

static void hup(void)
{
    process_signal(&systemfd, SIGHUP);
    expect("~> restarting: SIGHUP");
}

/* ---- Load ---- */

static struct process load;

static void start_load(void)
{
    char count[16], port[16];
    const char *const argv[] = {"load", count, port, NULL};

    snprintf(count, sizeof count, "%d", CLIENTS);
    snprintf(port, sizeof port, "%d", ports[0]);
    process_start(&load, &(struct launch){.argv = argv});
    process_line_with(&load, "started");
}

static void stop_load(void)
{
    const char *longest;

    process_signal(&load, SIGTERM);
    process_wait(&load);
    longest = strstr(load.text, "longest ");
    print_message("%s", strstr(load.text, "started\n") + strlen("started\n"));
    assert_non_null(strstr(load.text, " 0 refused, 0 reset, 0 lost, "));
    assert_in_range(atol(longest + strlen("longest ")), 0, FELT_MS);
    process_discard(&load);
}

static int remove_all(void **state)
{
    if (load.pid || load.text)
        process_discard(&load);
    return remove_project(state);
}

/* ---- Ways to wait ---- */

/* The line which says that the server of that generation is ready. */
static const char *ready_line(unsigned generation)
{
    char beginning[64];

    snprintf(beginning, sizeof beginning, "~> server %u is ready after ", generation);
    return expect(beginning);
}

/* The time in "... is ready after 340 ms: ...", or "1.52 s". */
static long ready_after_ms(const char *line)
{
    char unit[4];
    double time;

    assert_int_equal(sscanf(strstr(line, " after "), " after %lf %3[a-z]", &time, unit), 2);
    return (long)(strcmp(unit, "ms") == 0 ? time : time * 1000);
}

/* Waits until the first server is ready, for whatever reason, and has been seen to accept. */
static void wait_until_it_accepts(void)
{
    const char *line = ready_line(1);

    if (!strstr(line, ": it accepts (process "))
        expect("~> server 1 accepts after ");
}

/* Each new server is waited for, and no client feels it. */
static void check_restarts(void)
{
    wait_until_it_accepts();
    start_load();
    for (unsigned generation = 2; generation < 2 + RESTARTS; generation++) {
        const char *line;
        hup();
        line = ready_line(generation);
        assert_non_null(strstr(line, ": it accepts (process "));
        assert_true(ready_after_ms(line) >= NOT_BEFORE_MS);
    }
    stop_load();
}

static void test_ways_to_wait(void **state)
{
    START_HUP("waits", (const char *)*state, LOAD);
    check_restarts();
}

/* A server that computes while it loads is waited for, even the first one. */
static void test_busy(void **state)
{
    (void)state;
    START_HUP("waits", "poll", LOAD, "busy");
    assert_true(ready_after_ms(ready_line(1)) >= NOT_BEFORE_MS);
    start_load();
    hup();
    assert_true(ready_after_ms(ready_line(2)) >= NOT_BEFORE_MS);
    stop_load();
}

static void test_shell_that_becomes_it(void **state)
{
    (void)state;
    START_HUP("sh", "-c", "sleep 1.5; exec waits poll 0");
    check_restarts();
}

static void test_shell_that_waits_for_it(void **state)
{
    (void)state;
    START_HUP("sh", "-c", "sleep 1.5; waits poll 0 & wait");
    check_restarts();
}

/* A command that builds before it serves is waited for, too, without --build. */
static void test_tool_that_compiles(void **state)
{
    (void)state;
    START_HUP("sh", "-c", "timeout 1.5 sh -c 'while :; do :; done'; waits epoll 0; exit $?");
    assert_true(ready_after_ms(ready_line(1)) >= NOT_BEFORE_MS);
    start_load();
    hup();
    assert_true(ready_after_ms(ready_line(2)) >= NOT_BEFORE_MS);
    stop_load();
}

/* It has seen all that it wants to see of the server, and looks no more: poll(2)'s timeout is -1.
 */
static int systemfd_is_at_rest(void)
{
    char *call = shell("cut -d' ' -f4 /proc/%d/syscall", (int)systemfd.pid);
    int is_at_rest = strtoull(call, NULL, 0) << 32 == 0xffffffffULL << 32;

    free(call);
    return is_at_rest;
}

/* The first server is ready when it accepts on one socket, the next one only on both. */
static void test_two_sockets(void **state)
{
    (void)state;
    START("-s", "http::0", "-s", "http::0", "--restart-on-hup", "--", "waits", "two", LOAD);
    assert_true(ready_after_ms(ready_line(1)) < LOAD_MS);
    free(ask(ports[1], "/"));
    WAIT_UNTIL(systemfd_is_at_rest());
    hup();
    assert_true(ready_after_ms(ready_line(2)) >= NOT_BEFORE_MS);
}

/* A server that never blocks cannot be seen to wait, and is taken for ready soon. */
static void test_without_blocking(void **state)
{
    (void)state;
    START_HUP("waits", "spin", "0");
    assert_non_null(strstr(ready_line(1), ": it lives (process "));
    WAIT_UNTIL(answers(ports[0], "hello"));
    hup();
    assert_non_null(strstr(ready_line(2), ": it lives (process "));
}

static void test_fast(void **state)
{
    (void)state;
    START_HUP("waits", "poll", "0");
    assert_non_null(strstr(ready_line(1), ": it accepts (process "));
}

/* A server that systemfd may not look at is neither waited for nor taken for failed. */
static void test_hidden(void **state)
{
    static const char *const argv[] = {"setpriv",
                                       "--reuid=65534",
                                       "--clear-groups",
                                       "../systemfd",
                                       "-s",
                                       "http::0",
                                       "--restart-on-hup",
                                       "--",
                                       "../waits",
                                       "hidden",
                                       "0",
                                       NULL};

    (void)state;
    if (geteuid() != 0)
        skip_because("root is to become another user");
    in_project("cp $(command -v systemfd) $(command -v waits) .. && chmod 755 . ..");
    start_systemfd(argv);
    assert_non_null(strstr(ready_line(1), ": it lives (process "));
    hup();
    assert_non_null(strstr(ready_line(2), ": it lives (process "));
}

/* ---- Failures ---- */

static void test_late_failure(void **state)
{
    (void)state;
    put("text", "one");
    START_HUP("waits", "poll", LOAD);
    wait_until_it_accepts();
    start_load();
    put("text", "broken");
    hup();
    expect("~> server 2 died before it was ready: exit status 3; the old server stays");
    assert_answers(ports[0], "one");
    stop_load();
}

static void test_stopped(void **state)
{
    char *pid;

    (void)state;
    START_HUP("sh", "-c", "test -e stop && exec waits stops 0; exec waits poll 0");
    wait_until_it_accepts();
    put("stop", "");
    hup();
    expect("~> waiting for server 2: process ");
    pid = strstr(systemfd.text, "server 2: process ") + strlen("server 2: process ");
    assert_int_equal(count_lines("~> server 2 is ready"), 0);
    kill((pid_t)atol(pid), SIGCONT);
    ready_line(2);
}

/* ---- In the background ---- */

static void test_background(void **state)
{
    pid_t old;

    (void)state;
    put("text", "one");
    START_HUP("waits", (const char *)*state, "300");
    expect("~> server 1 goes on in the background (process ");
    wait_until_it_accepts();
    assert_answers(ports[0], "one");
    assert_int_equal(children_of(systemfd.pid), 1);
    put("text", "two");
    hup();
    old = expect_ready(2);
    assert_true(old > 0);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    for (int i = 0; i < 10; i++)
        assert_answers(ports[0], "two");
    assert_int_equal(count_lines("~> server 1 goes on"), 1);
    process_signal(&systemfd, SIGINT);
    assert_dies_of(SIGINT);
}

/* A worker in a session of its own outlives who started it, and would go on to answer. */
static void test_worker_that_is_left(void **state)
{
    (void)state;
    START_HUP("sh", "-c", "setsid waits poll 300 & wait");
    wait_until_it_accepts();
    hup();
    ready_line(2);
    assert_non_null(strstr(expect("~> process "), " of server 1 is left, and accepts; stopping"));
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    process_signal(&systemfd, SIGINT);
    assert_dies_of(SIGINT);
}

/* ---- Sockets that do not arrive ---- */

static void test_sockets_are_not_passed_on(void **state)
{
    const char *line;

    (void)state;
    START_HUP("sh", "-c", "waits poll 300 3>&-; exit $?");
    line = expect("~> process "); /* reported as the server has ended */
    assert_non_null(
        strstr(line, "(sh -c waits poll 300 3>&-; exit $?) had the sockets, but process"));
    assert_non_null(strstr(line, "systemfd ... -- waits poll 300"));
}

/* A helper that needs none, as Python's multiprocessing starts it, beside a worker that has them.
 */
static void test_helper_without_sockets(void **state)
{
    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--settle=60000", "--", "sh", "-c",
          "sh -c 'sleep .3; kill -KILL $PPID; sleep 1000' & sleep 1000 3>&- & wait");
    expect("~> server 1 died before it was ready: signal KILL");
    hup();
    assert_int_equal(count_lines("~> process "), 0);
}

/* ---- What servers say ---- */

static void test_ready_on_any_line(void **state)
{
    static const char *const messages[] = {"READY=1", "X_READY=1\\nREADY=1",
                                           "STATUS=READY=1 soon\\nREADY=1\\nMAINPID=1",
                                           "\\n\\nREADY=1\\n"};
    static const char *const others[] = {
        "X_READY=1", "READY=11", "STATUS=READY=1", "READY=0", "", "=", "WATCHDOG=1\\nFDSTORE=1"};

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        START_HUP("waits", "says", "0", messages[i]);
        assert_non_null(strstr(ready_line(1), ": it says READY=1 (process "));
        process_discard(&systemfd);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        START_HUP("waits", "says", "0", others[i]);
        assert_non_null(strstr(ready_line(1), ": it lives (process "));
        process_discard(&systemfd);
    }
}

/* A server's STATUS= is shown as long as the server is waited for. */
static void test_status(void **state)
{
    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--settle=60000", "--", "waits", "says", "0",
          "STATUS=loading the model\\nEXTEND_TIMEOUT_USEC=1000000");
    assert_string_equal(expect("~> server 1: "), "~> server 1: loading the model");
}

/* A server that says STOPPING=1 is not ready any more. */
static void test_stopping(void **state)
{
    (void)state;
    START_HUP("sh", "-c",
              "test -e second && exec waits says 0 'STATUS=ends\\nREADY=1\\nSTOPPING=1'; "
              "exec waits says 0 READY=1");
    ready_line(1);
    in_project("touch second");
    hup();
    expect("~> server 2: ends");
    hup();
    assert_int_equal(count_lines("~> server 2 is ready"), 0);
}

/* No other process can take the names of the notify sockets first: the kernel chooses free ones. */
static void test_name_that_is_taken(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int taken[20];

    (void)state;
    START_HUP("server", "ready");
    ready_line(1);
    for (int i = 0; i < 20; i++) {
        int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "systemfd/%ld/%d",
                              (long)systemfd.pid, i);
        taken[i] = socket(AF_UNIX, SOCK_DGRAM, 0);
        assert_int_equal(
            bind(taken[i], (struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)),
            0);
    }
    hup();
    ready_line(2);
    for (int i = 0; i < 20; i++)
        close(taken[i]);
}

#define WITH(function, argument)                                                   \
    {                                                                              \
#function "(" argument ")", function, create_project, remove_all, argument \
    }
#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, create_project, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_ways_to_wait, "accept"),
        WITH(test_ways_to_wait, "poll"),
        WITH(test_ways_to_wait, "select"),
        WITH(test_ways_to_wait, "epoll"),
        WITH(test_ways_to_wait, "early"),
        WITH(test_ways_to_wait, "prefork"),
        WITH(test_ways_to_wait, "uring"),
        WITH(test_ways_to_wait, "nested"),
        WITH(test_ways_to_wait, "crowd"),
        TEST(test_busy),
        TEST(test_shell_that_becomes_it),
        TEST(test_shell_that_waits_for_it),
        TEST(test_tool_that_compiles),
        TEST(test_two_sockets),
        TEST(test_without_blocking),
        TEST(test_fast),
        TEST(test_hidden),
        TEST(test_late_failure),
        TEST(test_stopped),
        WITH(test_background, "daemon"),
        WITH(test_background, "twice"),
        TEST(test_worker_that_is_left),
        TEST(test_sockets_are_not_passed_on),
        TEST(test_helper_without_sockets),
        TEST(test_ready_on_any_line),
        TEST(test_status),
        TEST(test_stopping),
        TEST(test_name_that_is_taken),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
