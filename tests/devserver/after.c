/* SPDX-License-Identifier: MIT
 * --after: the command that is run when a new server is ready. */
#include "devserver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER "--", "sleep", "1000"

static void test_each_server(void **state)
{
    char address[64];

    (void)state;
    START("-s", "http::0", "-s", "unix::./a b.sock", "--watch", ".", "--settle=0", "--after",
          "echo after $SYSTEMFD_GENERATION; echo \"$SYSTEMFD_ADDRESSES\"", SERVER);
    snprintf(address, sizeof address, "127.0.0.1:%d", ports[0]);
    for (unsigned generation = 1; generation <= 2; generation++) {
        expect_ready(generation);
        assert_string_equal(expect("after "), generation == 1 ? "after 1" : "after 2");
        assert_string_equal(process_line(&systemfd), address);
        assert_string_equal(process_line(&systemfd), "./a b.sock");
        put("file", generation == 1 ? "changed" : "again");
    }
}

/* The command is not passed the sockets, and nothing else has SYSTEMFD_GENERATION. */
static void test_only_there(void **state)
{
    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--settle=0", "--build",
          "echo build ${SYSTEMFD_GENERATION-unset}", "--after",
          "echo after ${LISTEN_FDS-unset} >>../after", "--", "sh", "-c",
          "echo server ${SYSTEMFD_GENERATION-unset}; exec sleep 1000");
    for (size_t generation = 1; generation <= 2; generation++) {
        expect("build unset");
        expect("server unset");
        WAIT_UNTIL(lines_of("../after") == generation);
        process_signal(&systemfd, SIGHUP);
    }
    in_project("! grep -v 'after unset' ../after");
}

static void test_not_after_a_failure(void **state)
{
    (void)state;
    START("--watch", ".", "--after", "echo after", "--", "sh", "-c", "exit 3");
    expect("~> server 1 died before it was ready");
    put("file", "");
    expect("~> server 2 died before it was ready");
    assert_int_equal(count_lines("after"), 0);
}

static void test_failure(void **state)
{
    const char *line;

    (void)state;
    START("--restart-on-hup", "--settle=0", "--after", "exit 9", SERVER);
    line = expect("~> the command after server 1 failed after ");
    assert_non_null(strstr(line, ": exit status 9"));
    process_signal(&systemfd, SIGHUP);
    expect_ready(2);
    expect("~> the command after server 2 failed after ");
}

/* Restarts do not wait for the command. When it has ended, it runs once more, for the newest
 * server. */
static void test_delays_nothing(void **state)
{
    (void)state;
    in_project("mkfifo ../gate");
    START("--restart-on-hup", "--settle=0", "--after",
          "echo begins $SYSTEMFD_GENERATION; cat ../gate; echo ends", SERVER);
    expect("begins 1");
    for (unsigned generation = 2; generation <= 4; generation++) {
        process_signal(&systemfd, SIGHUP);
        expect_ready(generation);
    }
    assert_int_equal(count_lines("ends"), 0);
    in_project("echo >../gate");
    expect("ends");
    expect("begins 4");
    in_project("echo >../gate");
    expect("ends");
    assert_int_equal(count_lines("begins"), 2);
}

static void test_end(void **state)
{
    static const char *const commands[] = {
        "echo begins; sleep 1000",
        "trap '' TERM; echo begins; while :; do sleep 0.01; done",
    };

    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        START("--restart-on-hup", "--settle=0", "--after", commands[i], SERVER);
        expect("begins");
        process_signal(&systemfd, SIGTERM);
        assert_dies_of(SIGTERM);
        assert_int_equal(count_lines("~> the command after"), 0);
        process_discard(&systemfd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_server), TEST(test_only_there),     TEST(test_not_after_a_failure),
        TEST(test_failure),     TEST(test_delays_nothing), TEST(test_end),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
