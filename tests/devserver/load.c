/* SPDX-License-Identifier: MIT
 * Restarts and builds under load: tests/load/load, with a connection per request, counts what
 * was refused, reset or lost, and how long the slowest request took. */
#include "devserver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 8, RESTARTS = 100, FELT_MS = 100, TRIES = 3 };

static void start_load(struct process *load, int clients)
{
    char count[16], port[16];
    const char *const argv[] = {"load", count, port, NULL};

    snprintf(count, sizeof count, "%d", clients);
    snprintf(port, sizeof port, "%d", ports[0]);
    process_start(load, &(struct launch){.argv = argv});
    process_line_with(load, "started");
}

/* Asserts that nothing went wrong. Returns how long the slowest request took, in milliseconds. */
static long stop_load(struct process *load)
{
    const char *longest;
    long took;
    int status;

    process_signal(load, SIGTERM);
    status = process_wait(load);
    print_message("%s", strstr(load->text, "started\n") + strlen("started\n"));
    assert_non_null(strstr(load->text, " 0 refused, 0 reset, 0 lost, "));
    assert_int_equal(status, 0);
    longest = strstr(load->text, "longest ");
    took = atol(longest + strlen("longest "));
    process_discard(load);
    return took;
}

/* ---- Restarts ---- */

static void hup(void)
{
    process_signal(&systemfd, SIGHUP);
}

/* Changes another file each time. If one changes often, so soon after a start, it is taken for the
 * server's own doing, and the restart waits. */
static void touch(void)
{
    static unsigned number;

    in_project("touch file%u", ++number);
}

static void restart_under_load(void (*restart)(void), unsigned restarts)
{
    struct process load;

    expect_ready(1);
    start_load(&load, CLIENTS);
    for (unsigned i = 1; i <= restarts; i++) {
        restart();
        expect_ready(i + 1);
    }
    stop_load(&load);
}

static void test_100_restarts(void **state)
{
    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--settle=20", "--", "hello");
    restart_under_load(hup, RESTARTS);
}

static void test_restarts_with_builds(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--delay=5", "--settle=20", "--build", "true", "--",
          "hello");
    restart_under_load(touch, 30);
}

/* No client is lost even if the old server must end before the new one starts. */
static void test_restarts_with_stop_first(void **state)
{
    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--settle=20", "--stop-first", "--", "hello");
    restart_under_load(hup, 30);
}

/* ---- Builds ---- */

/* A client does not feel a build of 3 s that is as busy as a compiler. Measured from the build's
 * first line to its last, with one client. Other work on the machine may make another try
 * necessary. */
static long slowest_during_build(void)
{
    struct process load;
    long took;

    in_project("touch file");
    expect("building");
    start_load(&load, 1);
    expect("built");
    took = stop_load(&load);
    expect("~> server ");
    return took;
}

static void test_build_is_not_felt(void **state)
{
    static const char build[] = "test -e file || exit 0; echo building; "
                                "timeout 3 sh -c 'while :; do :; done'; echo built";
    long took = FELT_MS;

    (void)state;
    START("-s", "http::0", "--watch", ".", "--build", build, "--", "hello");
    expect_ready(1);
    for (int i = 0; i < TRIES && took >= FELT_MS; i++)
        took = slowest_during_build();
    assert_true(took < FELT_MS);
}

/* ---- The promise ---- */

/* Editing the example's source changes what it answers, and no request fails. */
static void edit(const char *greeting)
{
    in_project("sed 's/hello from process/%s/' ../hello.c >server.c.new && "
               "mv server.c.new server.c",
               greeting);
}

static void test_edits_under_load(void **state)
{
    static const char *const greetings[] = {"two", "three", "four", "five"};
    struct process load;

    (void)state;
    free(shell("cp examples/hello.c '%s/..' && cp listenfd.[ch] '%s'", project, project));
    put("Makefile", "server: server.o listenfd.o\n\t$(CC) -o $@ server.o listenfd.o\n");
    edit("one");
    START("-s", "http::0", "--watch", ".", "--build", "make -s", "--", "./server");
    expect_ready(1);
    start_load(&load, CLIENTS);
    assert_answers(ports[0], "one");
    for (unsigned i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
        edit(greetings[i]);
        expect_ready(i + 2);
        WAIT_UNTIL(answers(ports[0], greetings[i]));
    }
    edit("five\" nonsense \"");
    expect("~> the build failed");
    assert_answers(ports[0], "five");
    stop_load(&load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_100_restarts),
        TEST(test_restarts_with_builds),
        TEST(test_restarts_with_stop_first),
        TEST(test_build_is_not_felt),
        TEST(test_edits_under_load),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
