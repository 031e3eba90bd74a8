/* SPDX-License-Identifier: MIT
 * What systemfd tells the service manager that started it (sd_notify(3)), which here is a socket of
 * the test, and what it passes on of what its servers say. tests/interop/reload.c tests it with the
 * real systemd. */
#include "devserver.h"
#include "sockets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- The manager ---- */

static int manager = -1;
static char told[1024];    /* the last message */
static char variable[192]; /* NOTIFY_SOCKET=..., for systemfd */

/* The manager listens at that path, or at "@name". */
static void listen_at(const char *where)
{
    const struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};

    manager = unix_socket(SOCK_DGRAM, where);
    assert_int_equal(setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    snprintf(variable, sizeof variable, "NOTIFY_SOCKET=%s", where);
}

static int is_told(const char *beginning)
{
    return strncmp(told, beginning, strlen(beginning)) == 0;
}

static void hear(const char *expected)
{
    ssize_t length = recv(manager, told, sizeof told - 1, 0);

    if (length < 0)
        fail_msg("the service manager was not told %s", expected);
    told[length] = '\0';
}

/* Waits for a message that begins so, whatever comes before it. */
static void wait_until_told(const char *beginning)
{
    do
        hear(beginning);
    while (!is_told(beginning));
}

/* The next message begins so, apart from messages about the status. Returns it. */
static const char *expect_told(const char *beginning)
{
    do
        hear(beginning);
    while (!is_told(beginning) && is_told("STATUS="));
    if (!is_told(beginning))
        fail_msg("the service manager was told %s, not %s", told, beginning);
    return told;
}

static void expect_end(int status)
{
    char line[32];

    snprintf(line, sizeof line, "EXIT_STATUS=%d", status);
    expect_told("STOPPING=1");
    assert_string_equal(expect_told("EXIT_STATUS="), line);
    assert_exits(status);
}

static int remove_manager(void **state)
{
    close(manager);
    manager = -1;
    return remove_project(state);
}

#define TOLD(function) cmocka_unit_test_setup_teardown(function, create_project, remove_manager)

#define START_TOLD(...) start_systemfd((const char *const[]){"env", variable, __VA_ARGS__, NULL})
#define START_HUP(...) \
    START_TOLD("systemfd", "-s", "http::0", "--restart-on-hup", "--", __VA_ARGS__)

static void hup(void)
{
    process_signal(&systemfd, SIGHUP);
}

/* RELOADING=1 comes with a time not before start_ms (CLOCK_MONOTONIC): systemd ignores one that is
 * older than its signal. */
static void expect_reload_since(long long start_ms)
{
    unsigned long long usec;

    expect_told("RELOADING=1\nMONOTONIC_USEC=");
    assert_int_equal(sscanf(told, "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
    assert_in_range(usec / 1000, (unsigned long long)start_ms, (unsigned long long)now_ms());
}

static void expect_status(unsigned generation, pid_t server)
{
    char status[64];

    snprintf(status, sizeof status, "STATUS=server %u runs (process %ld)", generation,
             (long)server);
    assert_string_equal(expect_told(status), status);
}

/* ---- Reloads ---- */

static void check_reload(void)
{
    long long start;
    pid_t server;

    START_HUP("server");
    server = expect_ready(1);
    expect_status(1, server);
    expect_told("READY=1");

    start = now_ms();
    hup();
    expect_reload_since(start);
    expect_status(2, expect_ready(2));
    expect_told("READY=1");

    process_signal(&systemfd, SIGTERM);
    expect_told("STOPPING=1");
    assert_dies_of(SIGTERM);
}

static void test_path(void **state)
{
    char *path = shell("printf %%s '%s/../manager'", project);

    (void)state;
    listen_at(path);
    free(path);
    check_reload();
}

static void test_abstract(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    check_reload();
}

/* A reload that fails ends with the old server, and the status says why. */
static void test_broken_version(void **state)
{
    const char *status;

    (void)state;
    listen_at(abstract_name("manager"));
    START_HUP("server");
    expect_ready(1);
    expect_told("READY=1");
    put("text", "broken");
    hup();
    expect_told("RELOADING=1");
    status = expect_told("STATUS=server 2 died before it was ready: exit status 3");
    assert_non_null(strstr(status, "; server 1 runs (process "));
    expect_told("READY=1");
    put("text", "mended");
    hup();
    expect_told("RELOADING=1");
    expect_status(3, expect_ready(3));
    expect_told("READY=1");
}

/* The manager waits for an answer to its own signal. An earlier RELOADING=1 is none. */
static void test_reload_during_restart(void **state)
{
    long long start;

    (void)state;
    listen_at(abstract_name("manager"));
    in_project("touch ../ready");
    START_HUP("server", "late");
    expect_told("READY=1");
    in_project("rm ../ready");
    hup();
    expect_told("RELOADING=1");
    expect_told("STATUS=server 2 starts");
    start = now_ms();
    hup();
    expect_reload_since(start);
    expect_told("STATUS=server 3 starts");
    in_project("touch ../ready");
    expect_told("STATUS=server 3 runs");
    expect_told("READY=1");
}

/* A reload with a build ends only when what was built runs, or the build has failed. */
static void test_build(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_TOLD("systemfd", "-s", "http::0", "--restart-on-hup", "--build", "! test -e bad", "--",
               "server");
    expect_told("STATUS=the build runs");
    expect_told("STATUS=server 1 runs");
    expect_told("READY=1");
    hup();
    expect_told("RELOADING=1");
    expect_told("STATUS=server 2 runs");
    expect_told("READY=1");
    in_project("touch bad");
    hup();
    expect_told("RELOADING=1");
    expect_told("STATUS=the build failed after ");
    assert_non_null(strstr(told, ": exit status 1; server 2 runs (process "));
    expect_told("READY=1");
}

/* ---- Without a server ---- */

/* The unit is ready as soon as the sockets are open. The server that the first client starts is no
 * reload. */
static void test_lazy(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_TOLD("systemfd", "-s", "http::0", "--lazy", "--", "server", "ready");
    assert_string_equal(expect_told("STATUS="), "STATUS=waiting for a client");
    expect_told("READY=1");
    assert_answers(ports[0], "hello");
    expect_told("STATUS=server 1 runs");
    hup();
    expect_told("RELOADING=1");
    expect_told("STATUS=server 2 runs");
    expect_told("READY=1");
    WAIT_UNTIL(children_of(systemfd.pid) == 1); /* the old server would answer, too */
    free(ask(ports[0], "/exit/0"));
    expect_told("STATUS=waiting for a client");
    hup();
    expect_told("RELOADING=1");
    expect_told("STATUS=server 3 runs");
    expect_told("READY=1");
    process_signal(&systemfd, SIGTERM);
    expect_told("STOPPING=1");
}

static void test_lazy_build(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_TOLD("systemfd", "-s", "http::0", "--lazy", "--build", "! test -e bad", "--", "server",
               "ready");
    expect_told("READY=1");
    in_project("touch bad");
    free(ask(ports[0], "/"));
    expect_told("STATUS=the build failed");
    in_project("rm bad");
    hup();
    expect_told("RELOADING=1");
    expect_told("STATUS=server 1 runs");
    expect_told("READY=1");
}

static void test_accept(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_TOLD("systemfd", "-s", "http::0", "--accept", "--build", "! test -e bad", "--", "true");
    expect_told("STATUS=the build runs");
    assert_string_equal(expect_told("STATUS=acc"), "STATUS=accepting connections");
    expect_told("READY=1");
    free(exchange(connect_port(ports[0]), ""));
    in_project("touch bad");
    hup();
    expect_told("RELOADING=1");
    expect_told("STATUS=the build failed");
    assert_non_null(strstr(told, "exit status 1; accepting connections"));
    expect_told("READY=1");
}

/* ---- The end ---- */

static void test_cannot_open(void **state)
{
    const char *const argv[] = {"env", variable,       "systemfd",
                                "-s",  "missing/sock", "--restart-on-hup",
                                "--",  "server",       NULL};

    (void)state;
    listen_at(abstract_name("manager"));
    process_start(&systemfd, &(struct launch){.argv = argv, .folder = project});
    expect_told("STATUS=cannot open -s missing/sock: ");
    assert_non_null(strstr(told, "No such file or directory"));
    assert_non_null(strstr(told, "\nERRNO=2"));
    assert_exits(1);
}

static void test_exit_status(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    put("text", "broken");
    START_TOLD("systemfd", "-s", "http::0", "--restart-on-hup", "--exit-on-failure", "--",
               "server");
    expect_end(3);
}

/* The manager waits for the first server; it is told at once that there will be none, whose reload
 * nobody could ask for before. */
static void test_first_server_fails(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    put("text", "broken");
    START_HUP("server");
    expect_told("STATUS=stopping; server 1 died before it was ready: exit status 3");
    expect_end(3);
}

static void test_first_server_ends(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_HUP("sh", "-c", "exit 0");
    expect_end(0);
}

static void test_first_build_fails(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_TOLD("systemfd", "-s", "http::0", "--restart-on-hup", "--build", "exit 4", "--",
               "server");
    expect_end(4);
}

/* By itself, and nobody waits for it: the manager decides what follows (Restart=). */
static void test_server_ends(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_HUP("server", "ready");
    expect_told("READY=1");
    free(ask(ports[0], "/exit/0"));
    expect_told("STATUS=stopping; server 1 ended by itself");
    expect_end(0);
}

/* A change may mend it. */
static void test_first_server_fails_while_watched(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    put("text", "broken");
    START_TOLD("systemfd", "-s", "http::0", "--watch", ".", "--", "server");
    expect_told("STATUS=server 1 died before it was ready: exit status 3");
    put("text", "mended");
    expect_told("STATUS=server 2 runs");
    expect_told("READY=1");
}

/* ---- What servers say ---- */

static void test_words_of_the_server(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_HUP("waits", "says", "0",
              "STATUS=9 clients\\nEXTEND_TIMEOUT_USEC=2500000\\nWATCHDOG=1\\nMAINPID=1\\nREADY=1");
    expect_told("WATCHDOG=1");
    assert_string_equal(told, "WATCHDOG=1");
    assert_string_equal(expect_told("EXTEND_TIMEOUT_USEC="), "EXTEND_TIMEOUT_USEC=2500000");
    expect_told("STATUS=server 1 runs (process ");
    assert_non_null(strstr(told, "): 9 clients"));
    assert_string_equal(expect_told("READY=1"), "READY=1");
}

/* Which of the manager's variables a server and a build get. */
static void check_variables(const char *watchdog, const char *expected)
{
    const char *const argv[] = {
        "systemfd",
        "--restart-on-hup",
        "--exit-on-failure",
        "--build",
        "echo build ${NOTIFY_SOCKET-unset} ${WATCHDOG_USEC-unset} ${WATCHDOG_PID-unset}",
        "--",
        "sh",
        "-c",
        "echo server ${WATCHDOG_USEC-unset} $((${WATCHDOG_PID-$$} - $$)) ${WATCHDOG_PID:+set}; "
        "exit 4",
        NULL};
    const char *const variables[] = {variable, "WATCHDOG_USEC=30000000", watchdog, NULL};

    process_start(&systemfd,
                  &(struct launch){.argv = argv, .environ_ = variables, .folder = project});
    assert_string_equal(expect("build "), "build unset unset unset");
    assert_string_equal(expect("server "), expected);
    assert_exits(4);
    process_discard(&systemfd);
}

static void test_watchdog_variables(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    check_variables("WATCHDOG_PID=$PID", "server 30000000 0 set");
    check_variables(NULL, "server 30000000 0 set");
    check_variables("WATCHDOG_PID=1", "server unset 0");
}

/* While a server starts in place of one that crashed, systemfd sends WATCHDOG=1 itself. */
static void test_watchdog_between_servers(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    in_project("touch ../ready");
    START_TOLD("WATCHDOG_USEC=20000", "systemfd", "-s", "http::0", "--restart-on-hup", "--",
               "server", "late");
    expect_told("READY=1");
    in_project("rm ../ready");
    free(ask(ports[0], "/segv"));
    expect_told("RELOADING=1");
    for (int i = 0; i < 3; i++)
        expect_told("WATCHDOG=1");
    in_project("touch ../ready");
    wait_until_told("READY=1");
}

/* While there is no server, and that is right, systemfd sends WATCHDOG=1 itself. */
static void test_watchdog_without_servers(void **state)
{
    static const char *const ways[] = {"--lazy", "--accept"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        listen_at(abstract_name("manager"));
        START_TOLD("WATCHDOG_USEC=20000", "systemfd", "-s", "http::0", ways[i], "--", "server");
        expect_told("READY=1");
        for (int j = 0; j < 3; j++)
            expect_told("WATCHDOG=1");
        process_discard(&systemfd);
        close(manager);
    }
}

/* ---- A slow manager, and none ---- */

/* The manager does not read for a while, and the kernel keeps only a few messages for it
 * (net.unix.max_dgram_qlen). Earlier states are lost, but it gets the last one. */
static void test_slow(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_HUP("server");
    for (unsigned generation = 2; generation <= 9; generation++) {
        expect_ready(generation - 1);
        hup();
    }
    expect_ready(9);
    wait_until_told("STATUS=server 9 runs");
    wait_until_told("READY=1");
}

/* If there is no manager at the socket, this is reported once, and everything else goes on. */
static void test_nobody_listens(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    close(manager);
    START_HUP("server");
    expect("~> cannot tell the service manager STATUS=server 1 ");
    hup();
    expect_ready(2);
    assert_int_equal(count_lines("~> cannot tell"), 1);
    assert_answers(ports[0], "hello");
}

static void test_not_an_address(void **state)
{
    (void)state;
    strcpy(variable, "NOTIFY_SOCKET=vsock:2:1234");
    START_HUP("server");
    assert_non_null(strstr(systemfd.text, "NOTIFY_SOCKET is 'vsock:2:1234'; expected a path"));
    expect_ready(1);
}

/* It has found an error in itself: systemd is to act as if it were stuck. */
static void test_watchdog_trigger(void **state)
{
    (void)state;
    listen_at(abstract_name("manager"));
    START_HUP("waits", "says", "0", "WATCHDOG=1\\nWATCHDOG=trigger\\nREADY=1");
    expect_told("WATCHDOG=trigger");
    assert_string_equal(told, "WATCHDOG=trigger");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOLD(test_path),
        TOLD(test_abstract),
        TOLD(test_broken_version),
        TOLD(test_reload_during_restart),
        TOLD(test_build),
        TOLD(test_lazy),
        TOLD(test_lazy_build),
        TOLD(test_accept),
        TOLD(test_cannot_open),
        TOLD(test_exit_status),
        TOLD(test_first_server_fails),
        TOLD(test_first_server_ends),
        TOLD(test_first_build_fails),
        TOLD(test_server_ends),
        TOLD(test_first_server_fails_while_watched),
        TOLD(test_words_of_the_server),
        TOLD(test_watchdog_variables),
        TOLD(test_watchdog_trigger),
        TOLD(test_watchdog_between_servers),
        TOLD(test_watchdog_without_servers),
        TOLD(test_slow),
        TOLD(test_nobody_listens),
        TOLD(test_not_an_address),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
