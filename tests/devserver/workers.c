/* SPDX-License-Identifier: MIT
 * --workers: several real servers on the same sockets. Their order, and that there are never fewer
 * that answer, is tested by tests/devserver/rollout.c. The server is tests/support/server.c. */
#include "devserver.h"
#include "sockets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS = 3 };

#define START_WORKERS(...) \
    START("-s", "http::0", "--restart-on-hup", "--workers", "3", ##__VA_ARGS__)

static void expect_all_ready(unsigned generation)
{
    char report[64];

    snprintf(report, sizeof report, "~> server %u is ready after ", generation);
    assert_non_null(strstr(expect(report), ": all its 3 workers are"));
    WAIT_UNTIL(children_of(systemfd.pid) == WORKERS);
}

static void expect_worker(unsigned worker, unsigned generation, const char *what)
{
    char beginning[128];

    snprintf(beginning, sizeof beginning, "~> worker %u of server %u %s", worker, generation, what);
    expect(beginning);
}

/* Any worker may answer. */
static void assert_all_answer(const char *word)
{
    for (int i = 0; i < 10; i++)
        assert_answers(ports[0], word);
}

static void test_each_has_a_number(void **state)
{
    char *numbers;

    (void)state;
    START_WORKERS("--", "sh", "-c", "echo $SYSTEMFD_WORKER >>../numbers; exec server ready");
    expect_all_ready(1);
    numbers = shell("sort %s/../numbers | tr '\\n' ' '", project);
    assert_string_equal(numbers, "1 2 3 ");
    assert_all_answer("hello");
    free(numbers);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

static void test_restart(void **state)
{
    (void)state;
    put("text", "one");
    START_WORKERS("--", "server", "ready");
    expect_all_ready(1);
    assert_all_answer("one");
    put("text", "two");
    process_signal(&systemfd, SIGHUP);
    for (unsigned worker = 1; worker <= WORKERS; worker++) {
        expect_worker(worker, 2, "is ready after ");
        assert_non_null(strstr(systemfd.text, "; stopping process "));
    }
    expect_all_ready(2);
    assert_all_answer("two");
    process_signal(&systemfd, SIGINT);
    assert_dies_of(SIGINT);
}

static void test_broken_version(void **state)
{
    (void)state;
    put("text", "one");
    START_WORKERS("--", "server", "ready");
    expect_all_ready(1);
    put("text", "broken");
    process_signal(&systemfd, SIGHUP);
    expect_worker(1, 2, "died before it was ready: exit status 3; the old workers stay");
    assert_int_equal(children_of(systemfd.pid), WORKERS);
    assert_all_answer("one");
    put("text", "two");
    process_signal(&systemfd, SIGHUP);
    expect_all_ready(3);
    assert_all_answer("two");
}

/* A worker is started again, even if it ends with status 0, as some do after many requests. */
static void test_one_that_ends(void **state)
{
    static const char *const ways[] = {"/exit/1", "/exit/0", "/segv"};

    (void)state;
    START_WORKERS("--", "server", "ready");
    expect_all_ready(1);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        free(ask(ports[0], ways[i]));
        expect("~> worker ");
        expect("~> starting it again in ");
        expect("~> worker ");
        assert_all_answer("hello");
        WAIT_UNTIL(children_of(systemfd.pid) == WORKERS);
    }
    assert_int_equal(count_lines("~> server "), 1); /* a generation becomes ready only once */
}

/* If no worker is left to answer, the server has crashed. */
static void test_all_crash(void **state)
{
    (void)state;
    START_WORKERS("--no-pid", "--", "sh", "-c", "trap 'exit 1' USR1; server ready & wait");
    expect_all_ready(1);
    process_signal(&systemfd, SIGUSR1); /* passed on to each worker */
    for (int i = 0; i < WORKERS; i++)
        expect("~> worker ");
    WAIT_UNTIL(answers(ports[0], "hello"));
    WAIT_UNTIL(children_of(systemfd.pid) == WORKERS);
}

static void test_deaf_workers(void **state)
{
    (void)state;
    START_WORKERS("--stop-timeout=1", "--", "server", "deaf", "ready");
    expect_all_ready(1);
    process_signal(&systemfd, SIGHUP);
    expect_all_ready(2);
    process_signal(&systemfd, SIGTERM);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* With --exit-with-server, as in a container, systemfd goes on while a worker is left. */
static void test_exit_with_the_last(void **state)
{
    (void)state;
    START("-s", "http::0", "--exit-with-server", "--workers=2", "--", "server", "ready");
    expect("~> server 1 is ready");
    free(ask(ports[0], "/exit/0"));
    expect("~> starting it again in ");
    WAIT_UNTIL(children_of(systemfd.pid) == 2);
    assert_answers(ports[0], "hello");
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* A worker that ends with status 0 is started again, and so is not the server of --lazy. */
static void test_refused(void **state)
{
    (void)state;
    assert_refused("systemfd --lazy --workers 2 -s http::0 -- true",
                   "--workers and --lazy exclude each other: a worker that ends with status 0 is "
                   "started again, a server of --lazy only by the next client");
    assert_refused("systemfd --accept --workers 2 -s http::0 -- true",
                   "--workers does nothing with --accept");
}

/* A single worker is a server like any other. */
static void test_lazy_worker(void **state)
{
    (void)state;
    START("--lazy", "--workers=1", "-s", "http::0", "--", "server", "ready");
    expect("~> waiting for the first client");
    assert_answers(ports[0], "hello");
    free(ask(ports[0], "/exit/0"));
    expect("~> server 1 ended by itself; the next client starts it again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_has_a_number),  TEST(test_restart),   TEST(test_broken_version),
        TEST(test_one_that_ends),      TEST(test_all_crash), TEST(test_deaf_workers),
        TEST(test_exit_with_the_last), TEST(test_refused),   TEST(test_lazy_worker),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
