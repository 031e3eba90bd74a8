/* SPDX-License-Identifier: MIT
 * systemfd as the first process of a PID namespace, as in a container. It passes signals on, reaps,
 * and ends as the server does, so that no other program is needed for that. The server is
 * tests/support/server.c. */
#include "devserver.h"
#include "folder.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACE "unshare", "--pid", "--fork", "--mount-proc"

/* The process `systemfd` is unshare(1) here, which ends as its child does. */
#define START_INSIDE(...) \
    start_inside((const char *const[]){NAMESPACE, "systemfd", "-s", "http::0", __VA_ARGS__, NULL})

static void start_inside(const char *const *argv)
{
    if (geteuid() != 0 || shell_status(NULL, "unshare --pid --fork --mount-proc true") != 0)
        skip_because("only root can make a PID namespace, and not everywhere");
    start_systemfd(argv);
}

static pid_t first_process(void)
{
    char *children =
        shell("cat /proc/%ld/task/%ld/children", (long)systemfd.pid, (long)systemfd.pid);
    pid_t pid = (pid_t)atol(children);

    free(children);
    return pid;
}

static void signal_inside(int number)
{
    assert_int_equal(kill(first_process(), number), 0);
}

/* ---- Its end ---- */

static const struct {
    const char *server;
    int status;
} ends[] = {
    {"exit 0", 0},
    {"exit 7", 7},
    {"kill -SEGV $$", 128 + SIGSEGV},
    {"exec ./no-such-server", 127},
};

static void test_server_that_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        START_INSIDE("--exit-with-server", "--settle=0", "--", "sh", "-c", ends[i].server);
        assert_exits(ends[i].status);
        assert_int_equal(count_lines("~> starting it again"), 0);
        process_discard(&systemfd);
    }
}

/* The kernel drops a signal for which a first process has no handler. */
static void test_signals_that_end(void **state)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGQUIT, SIGALRM};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        START_INSIDE("--exit-with-server", "--", "sh", "-c",
                     "trap 'exit 7' TERM; sleep 1000 & echo up; while :; do wait; done");
        expect("up");
        signal_inside(numbers[i]);
        assert_exits(7);
        process_discard(&systemfd);
    }
}

static void test_second_term(void **state)
{
    (void)state;
    START_INSIDE("--exit-with-server", "--stop-timeout=1000", "--", "server", "deaf", "ready");
    expect_ready(1);
    signal_inside(SIGTERM);
    expect("server is deaf");
    signal_inside(SIGTERM);
    assert_exits(128 + SIGKILL);
}

/* No server has an exit status then, so it is 128 plus the signal, as in a shell. */
static void test_end_during_a_build(void **state)
{
    (void)state;
    START_INSIDE("--build", "echo begins; exec sleep 1000", "--", "server");
    expect("begins");
    signal_inside(SIGTERM);
    assert_exits(128 + SIGTERM);
}

/* The server writes without end, and nobody reads it. */
static void test_blocked_reader(void **state)
{
    (void)state;
    START_INSIDE("--exit-with-server", "--", "sh", "-c", "yes & exec server ready");
    WAIT_UNTIL(answers(ports[0], "hello"));
    poll(NULL, 0, 300); /* until everything is full */
    signal_inside(SIGTERM);
    WAIT_UNTIL(children_of(systemfd.pid) == 0);
    assert_exits(0);
}

static void test_descendant_that_became_root(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip_because("only root can make a setuid program");
    in_project("cp $(command -v systemfd) $(command -v server) .. && "
               "cp $(command -v waits) ../root && chmod 4755 ../root && chmod 755 . ..");
    start_systemfd((const char *const[]){NAMESPACE, "setpriv", "--reuid=65534", "--clear-groups",
                                         "../systemfd", "-s", "http::0", "--exit-with-server",
                                         "--stop-timeout=1", "--", "sh", "-c",
                                         "../root root 0 & exec ../server ready", NULL});
    expect_ready(1);
    signal_inside(SIGTERM);
    expect("~> process ");
    assert_exits(0);
}

/* When the first process is killed, the kernel kills all others. There is no guardian. */
static void test_kill(void **state)
{
    (void)state;
    START_INSIDE("--restart-on-hup", "--", "sh", "-c", "echo of $SYSTEMFD_PID; exec server ready");
    expect("of 1");
    expect_ready(1);
    assert_int_equal(shell_status(NULL, "pgrep -x -P %ld guardian", (long)first_process()), 1);
    signal_inside(SIGKILL);
    WAIT_UNTIL(children_of(systemfd.pid) == 0);
    assert_int_not_equal(process_wait(&systemfd), 0);
    assert_int_equal(children_of(getpid()), 0);
}

/* ---- Orphans ---- */

static void test_orphans(void **state)
{
    (void)state;
    START_INSIDE("--exit-with-server", "--", "sh", "-c",
                 "mkdir ../once 2>/dev/null && setsid sh -c '"
                 "i=0; while [ $i -lt 2000 ]; do (true &); i=$((i+1)); done; echo all' & "
                 "exec server ready");
    expect_ready(1);
    signal_inside(SIGHUP); /* while orphans come and end */
    expect_ready(2);
    expect("all");
    WAIT_UNTIL(zombies_of(first_process()) == 0);
    assert_answers(ports[0], "hello");
    signal_inside(SIGTERM);
    assert_exits(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_server_that_ends),
        TEST(test_signals_that_end),
        TEST(test_second_term),
        TEST(test_end_during_a_build),
        TEST(test_blocked_reader),
        TEST(test_descendant_that_became_root),
        TEST(test_kill),
        TEST(test_orphans),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
