/* SPDX-License-Identifier: MIT
 * What goes wrong: servers that crash, end, do not end or leave children behind; builds that
 * do; full disks; and the end of systemfd itself, after which nothing is left. The server is
 * tests/support/server.c. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_HUP(...) START("-s", "http::0", "--restart-on-hup", ##__VA_ARGS__)

/* ---- Crashes ---- */

static const struct {
    const char *path, *how;
} crashes[] = {
    {"/segv", "signal SEGV"},
    {"/abort", "signal ABRT"},
    {"/exit/1", "exit status 1"},
    {"/exit/139", "exit status 139"},
};

/* Waits until the old server is gone, so that the new one gets the next request. */
static void wait_for_the_only_server(void)
{
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
}

static void test_crash_is_reported(void **state)
{
    char expected[96];

    (void)state;
    START("-s", "http::0", "--watch", ".", "--", "server");
    expect_ready(1);
    for (unsigned i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        free(ask(ports[0], crashes[i].path));
        snprintf(expected, sizeof expected, "~> server %u crashed: %s", 2 * i + 1, crashes[i].how);
        assert_string_equal(expect("~> server "), expected);
        expect_ready(2 * i + 2); /* it was started again without a change */
        in_project("touch file");
        expect_ready(2 * i + 3); /* after the change */
        wait_for_the_only_server();
    }
}

static int next_delay(void)
{
    return atoi(expect("~> starting it again in ") + strlen("~> starting it again in "));
}

/* The delay doubles with each crash in a row. After a change it is back at the first one. */
static void test_delay_grows(void **state)
{
    int delay = 0;

    (void)state;
    START("-s", "http::0", "--watch", ".", "--", "server");
    expect_ready(1);
    for (unsigned generation = 1; generation <= 4; generation++) {
        int before = delay;
        WAIT_UNTIL(answers(ports[0], "hello")); /* not the page */
        free(ask(ports[0], "/segv"));
        delay = next_delay();
        assert_true(delay > 0 && delay >= 2 * before);
        expect_ready(generation + 1);
    }
    in_project("touch file");
    expect_ready(6);
    wait_for_the_only_server();
    free(ask(ports[0], "/segv"));
    assert_true(next_delay() < delay);
    expect_ready(7);
    assert_int_equal(count_lines("server "), 7 + 1); /* 7 began, 1 was ended */
}

/* A server that cannot even begin is started again only after a change. */
static void test_no_hot_loop(void **state)
{
    (void)state;
    put("text", "broken");
    START("-s", "http::0", "--watch", ".", "--", "server", "ready");
    expect("~> server 1 died before it was ready: exit status 3; waiting for a change");
    put("text", "broken");
    expect("~> server 2 died before it was ready: exit status 3; waiting for a change");
    put("text", "mended");
    expect_ready(3);
    assert_answers(ports[0], "mended");
    assert_int_equal(count_lines("~> server "), 3);
}

/* ---- Servers that open a port themselves ---- */

/* It finds that systemfd has the port. */
static void test_server_that_opens_the_port_itself(void **state)
{
    (void)state;
    START_HUP("--placeholders", "--", "python3", "-c",
              "import socket; socket.create_server(('127.0.0.1', {port}))");
    expect("~> server 1 died before it was ready: exit status 1");
    expect("~> if the server opens its port itself, it has to take the one that systemfd has "
           "opened (LISTEN_FDS); see listenfd(7)");
}

/* It opens another address than systemfd has: a client of the latter waits for ever. The next
 * server finds that the one before it has that address. */
static void test_server_that_opens_another_address(void **state)
{
    int client;

    (void)state;
    START_HUP("--", "python3", "-c",
              "import socket, time; socket.socket(socket.AF_UNIX).bind('own'); time.sleep(60)");
    expect_ready(1);
    client = begin_request(ports[0], "/");
    expect("~> a client is waiting, but server 1 does not accept: does it take the sockets that "
           "were passed to it (LISTEN_FDS)? See listenfd(7)");
    close(client);
    process_signal(&systemfd, SIGHUP);
    expect("~> server 2 died before it was ready: exit status 1; the old server stays");
    expect("~> if another server of this command has that address, let systemfd open it, with "
           "one more -s; or give --stop-first");
}

/* A server that has served and crashed is tried again and again, even if it cannot begin for a
 * while. */
static void test_crash_and_no_start(void **state)
{
    int delay, before;

    (void)state;
    START_HUP("--", "server", "ready");
    expect_ready(1);
    put("text", "broken");
    free(ask(ports[0], "/segv"));
    before = next_delay();
    for (unsigned generation = 2; generation <= 4; generation++) {
        char died[96];
        snprintf(died, sizeof died, "~> server %u died before it was ready: exit status 3",
                 generation);
        assert_string_equal(expect("~> server "), died);
        delay = next_delay();
        assert_true(delay >= 2 * before);
        before = delay;
    }
    put("text", "mended");
    expect("~> server 5 is ready");
    WAIT_UNTIL(answers(ports[0], "mended"));
}

/* ---- No room for another process ---- */

/* Sets how many descriptors systemfd may have; 0: as many as before. */
static void limit_descriptors(int number)
{
    char *before =
        shell("prlimit --pid %ld --nofile --noheadings --output HARD", (long)systemfd.pid);

    free(shell("prlimit --pid %ld --nofile=%d:%ld", (long)systemfd.pid,
               number ? number : (int)strtol(before, NULL, 10), strtol(before, NULL, 10)));
    free(before);
}

/* It is tried at least twice, and fails with that error, in the words of the C library. */
static void expect_cannot_start(const char *what, int error)
{
    char report[128];

    snprintf(report, sizeof report, "~> cannot start the %s: %s", what, strerror(error));
    for (int i = 0; i < 2; i++) {
        expect(report);
        expect("~> starting it again in ");
    }
}

/* The old server stays, and the new one is tried again. */
static void test_no_room_for_a_server(void **state)
{
    (void)state;
    put("text", "one");
    START("-s", "http::0", "--restart-on-hup", "--", "server");
    expect_ready(1);
    put("text", "two");
    limit_descriptors(6);
    process_signal(&systemfd, SIGHUP);
    expect_cannot_start("server", EMFILE);
    WAIT_UNTIL(answers(ports[0], "one"));
    limit_descriptors(0);
    expect("~> server 2 is ready");
    WAIT_UNTIL(answers(ports[0], "two"));
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
}

/* The third and fourth fork(2) fail. The first two are for the guardian and the first server. */
static void test_no_room_for_a_process(void **state)
{
    static const char *const argv[] = {
        "strace",   "-q",
        "-o",       "/dev/null",
        "-e",       "trace=clone,clone3,fork,vfork",
        "-e",       "inject=clone,clone3,fork,vfork:error=EAGAIN:when=3..4",
        "systemfd", "-s",
        "http::0",  "--watch",
        "text",     "--",
        "server",   NULL};

    (void)state;
    if (!have_program("strace"))
        skip_because("strace is not installed");
    put("text", "one");
    start_systemfd(argv);
    expect_ready(1);
    put("text", "two");
    expect_cannot_start("server", EAGAIN);
    expect("~> server 2 is ready");
    WAIT_UNTIL(answers(ports[0], "two"));
}

static void test_no_room_for_a_build(void **state)
{
    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--build", "echo built", "--", "server");
    expect_ready(1);
    limit_descriptors(6);
    process_signal(&systemfd, SIGHUP);
    expect_cannot_start("build", EMFILE);
    WAIT_UNTIL(answers(ports[0], "hello"));
    limit_descriptors(0);
    expect("built");
    expect_ready(2);
}

/* A change during the delay after a crash starts one server, not two. */
static void test_change_while_waiting(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--", "server");
    for (unsigned generation = 1; generation <= 3; generation++) {
        expect_ready(generation);
        free(ask(ports[0], "/abort"));
        expect("~> starting it again in ");
    }
    in_project("touch file");
    expect_ready(4);
    in_project("touch file");
    expect_ready(5);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
}

static void test_server_that_ends(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--", "server");
    expect_ready(1);
    free(ask(ports[0], "/exit/0"));
    expect("~> server 1 ended by itself; waiting for a change");
    in_project("touch file");
    expect("~> changed: file");
    expect_ready(2);
    WAIT_UNTIL(answers(ports[0], "hello"));
    assert_int_equal(count_lines("~> starting it again"), 0);
}

/* ---- Servers that do not end ---- */

static void restart(unsigned generation)
{
    process_signal(&systemfd, SIGHUP);
    expect_ready(generation);
}

static void test_server_that_ignores_term(void **state)
{
    static const char *const timeouts[] = {"--stop-timeout=1", "--stop-timeout=0"};

    (void)state;
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        pid_t old;
        START_HUP(timeouts[i], "--", "server", "deaf", "ready");
        old = expect_ready(1);
        restart(2);
        expect("~> process ");
        assert_non_null(strstr(systemfd.text, "does not stop; killing it and its process group"));
        WAIT_UNTIL(members_of(old) == 0);
        assert_answers(ports[0], "hello");
        process_discard(&systemfd);
    }
}

/* All processes that a server has started end with it, whether its leader knows them or not. */
static void test_server_that_forks(void **state)
{
    pid_t old;

    (void)state;
    START_HUP("--", "server", "forking", "ready");
    old = expect_ready(1);
    assert_int_equal(members_of(old), 4);
    restart(2);
    WAIT_UNTIL(members_of(old) == 0);
    assert_int_equal(count_lines("~> process "), 0); /* TERM was enough */
}

static void test_deaf_server_that_forks(void **state)
{
    pid_t old;

    (void)state;
    START_HUP("--stop-timeout=1", "--", "server", "forking", "deaf", "ready");
    old = expect_ready(1);
    restart(2);
    WAIT_UNTIL(members_of(old) == 0);
}

/* The leader ends by itself and leaves a child, which may ignore TERM. */
static void test_child_that_is_left(void **state)
{
    static const char *const habits[] = {"not deaf", "deaf"};

    (void)state;
    for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++) {
        pid_t leader;
        START_HUP("--stop-timeout=1", "--", "server", "ready", habits[i]);
        leader = expect_ready(1);
        free(ask(ports[0], "/leave"));
        expect("~> server 1 ended by itself; waiting for a restart by hand");
        WAIT_UNTIL(members_of(leader) == 0);
        restart(2);
        WAIT_UNTIL(answers(ports[0], "hello"));
        process_discard(&systemfd);
    }
}

/* The leader is a shell, which dies first. The server still gets TERM, and time to end. */
static void test_server_in_a_shell(void **state)
{
    pid_t shell;

    (void)state;
    START_HUP("--no-pid", "--", "sh", "-c", "server ready; echo over");
    shell = expect_ready(1);
    assert_int_equal(members_of(shell), 2);
    restart(2);
    WAIT_UNTIL(members_of(shell) == 0);
    restart(3);
    assert_int_equal(count_lines("~> process "), 0);
    assert_non_null(strstr(systemfd.text, " ends: TERM\n"));
}

/* More servers are stopping than there is room for. */
static void test_many_deaf_servers(void **state)
{
    (void)state;
    START_HUP("--stop-timeout=1000", "--", "server", "deaf", "ready");
    expect_ready(1);
    for (unsigned generation = 2; generation <= 40; generation++)
        restart(generation);
    assert_answers(ports[0], "hello");
    assert_in_range(children_of(systemfd.pid), 2, 30);
    WAIT_UNTIL((process_signal(&systemfd, SIGINT), children_of(getpid()) == 0));
    assert_dies_of(SIGINT);
}

/* ---- Builds ---- */

static void test_build_that_leaves_something(void **state)
{
    (void)state;
    START_HUP("--build", "sleep 1000 & sleep 1001 >/dev/null 2>&1 & echo started", "--", "server",
              "ready");
    expect("started");
    expect_ready(1);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    restart(2);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
}

static void test_build_that_cannot_be_run(void **state)
{
    (void)state;
    put("text", "one");
    START("-s", "http::0", "--watch", ".", "--build", "test $(cat text) = one || ./nosuch", "--",
          "server");
    expect_ready(1);
    put("text", "two");
    expect("~> the build failed after ");
    assert_non_null(strstr(systemfd.text, "exit status 127; the old server stays"));
    assert_answers(ports[0], "one");
    put("text", "one");
    expect_ready(2);
}

static void test_build_that_is_killed(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--build", "test -e mended || kill -SEGV $$", "--",
          "server");
    expect("~> the build failed after ");
    assert_non_null(strstr(systemfd.text, ": signal SEGV; waiting for a change"));
    put("mended", "");
    expect_ready(1);
}

/* All output is lost, and everything else goes on. */
static void test_full_disk(void **state)
{
    static const char command[] =
        "exec systemfd -s http::$PORT -s unix::sock --watch . --settle 0 "
        "--build 'seq 100000; seq 100000 >&2; cp text ../built' -- server >/dev/full 2>/dev/full";
    const char *const argv[] = {"sh", "-c", command, NULL};
    int free_port = internet_socket(SOCK_STREAM, "127.0.0.1"), port = port_of_socket(free_port);
    char number[16];

    (void)state;
    snprintf(number, sizeof number, "%d", port); /* as the line with the port is lost, too */
    setenv("PORT", number, 1);
    close(free_port);
    put("text", "one");
    start_systemfd(argv);
    in_project("while ! test -S sock; do sleep 0.01; done");
    WAIT_UNTIL(answers(port, "one"));
    put("text", "two");
    WAIT_UNTIL(answers(port, "two"));
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    in_project("test ! -e sock");
}

/* ---- The end ---- */

static void end_by(int number)
{
    process_signal(&systemfd, number);
    assert_dies_of(number);
}

static void test_end_of_a_running_server(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        START_HUP("--", "server", "forking", "ready");
        expect_ready(1);
        end_by(numbers[i]);
        assert_non_null(strstr(systemfd.text, " ends: TERM\n")); /* it was asked */
        process_discard(&systemfd);
    }
}

static void test_end_of_a_deaf_server(void **state)
{
    (void)state;
    START_HUP("--stop-timeout=1", "--", "server", "deaf", "forking", "ready");
    expect_ready(1);
    end_by(SIGTERM);
}

/* A second Ctrl-C ends all at once, without waiting for --stop-timeout. */
static void test_second_interrupt(void **state)
{
    (void)state;
    START_HUP("--stop-timeout=1000", "--", "server", "deaf", "forking", "ready");
    expect_ready(1);
    process_signal(&systemfd, SIGINT);
    expect("server is deaf");
    process_signal(&systemfd, SIGINT);
    assert_dies_of(SIGINT);
}

static void test_end_before_ready(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--settle=60000", "--", "server");
    expect("server ");
    end_by(SIGTERM);
}

static void test_end_during_a_build(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--build",
          "echo begins; test -e ../second && exec sleep 1000; true", "--", "server");
    expect("begins");
    expect_ready(1);
    in_project("touch ../second file");
    expect("begins");
    end_by(SIGINT);
    assert_int_equal(count_lines("~> the build failed"), 0);
}

static void test_end_during_a_deaf_build(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--build",
          "trap '' TERM; echo begins; while :; do sleep 0.1; done", "--", "server");
    expect("begins");
    end_by(SIGINT);
}

static void test_end_while_waiting_to_restart(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--", "server");
    expect_ready(1);
    free(ask(ports[0], "/segv"));
    expect("~> starting it again in ");
    end_by(SIGTERM);
}

static void test_end_while_the_page_is_shown(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--build", "false", "--", "server");
    expect("~> the build failed");
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    end_by(SIGINT);
}

/* A client that sends half a request, and then a byte now and then, cannot hold up the end. */
static void test_end_while_a_client_is_slow(void **state)
{
    int slow;

    (void)state;
    START("-s", "http::0", "--watch", ".", "--build", "false", "--", "server");
    expect("~> the build failed");
    slow = connect_port(ports[0]);
    assert_int_equal(send(slow, "GET / HT", 8, MSG_NOSIGNAL), 8);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    process_signal(&systemfd, SIGINT);
    WAIT_UNTIL(children_of(getpid()) == 0 || send(slow, "x", 1, MSG_NOSIGNAL) < 0);
    close(slow);
    assert_dies_of(SIGINT);
}

/* At the end a path is removed only if the file there is the one that systemfd made. */
static void test_unix_paths(void **state)
{
    char *replaced;
    int other;

    (void)state;
    START("-s", "unix::ours", "-s", "unix::replaced", "-s", "unix::overwritten", "-s",
          "unix-datagram::datagram", "--restart-on-hup", "--", "server");
    expect_ready(1);
    restart(2);
    in_project("test -S ours && test -S datagram && rm replaced overwritten && "
               "echo mine >overwritten");
    replaced = path_in(project, "replaced");
    other = unix_socket(SOCK_STREAM, replaced);
    end_by(SIGINT);
    in_project("test ! -e ours && test ! -e datagram && test -S replaced && "
               "test $(cat overwritten) = mine");
    close(connect_path(SOCK_STREAM, replaced));
    close(other);
    free(replaced);
}

/* systemfd fails before it serves, and leaves no path behind. */
static void test_unix_paths_when_it_cannot_begin(void **state)
{
    static const char *const commands[] = {
        "systemfd -s unix::ours -s unix::no/such -- server",
        "systemfd -s unix::ours -s unix::no/such --restart-on-hup -- server",
        "systemfd -s unix::ours -- ./no-such-command",
        "systemfd -s unix::ours --restart-on-hup --exit-on-failure -- ./no-such-command",
        "ulimit -n 7; systemfd -s unix::ours -s unix::ours2 -s unix::ours3 -s unix::ours4 "
        "-s unix::ours5 -s unix::ours6 --watch . -- server",
    };

    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        print_message("%s\n", commands[i]);
        in_project("export ASAN_OPTIONS=detect_leaks=0; ! (%s)", commands[i]);
        in_project("test -z \"$(ls)\"");
    }
}

/* ---- Which processes are signalled ---- */

/* No process is signalled after it was reaped, as its ID may belong to another by then. */
static void assert_signals_before_reaping(void)
{
    char *path = path_in(project, "../trace"), *line = NULL, *reaped = calloc(1, 1 << 16);
    FILE *trace = fopen(path, "r");
    size_t size = 0;
    int pid, ends = 0;

    assert_non_null(trace);
    while (getline(&line, &size, trace) > 0) {
        char number[24];
        const char *result = strrchr(line, '=');
        if (strncmp(line, "wait4(", 6) == 0 && result && (pid = atoi(result + 1)) > 0) {
            snprintf(number, sizeof number, " %d ", pid);
            strcat(reaped, number);
            ends++;
        }
        if (sscanf(line, "kill(%d", &pid) == 1) {
            snprintf(number, sizeof number, " %d ", abs(pid));
            if (strstr(reaped, number))
                print_message("%s", line);
            assert_null(strstr(reaped, number));
        }
    }
    assert_true(ends >= 4);
    fclose(trace);
    free(line);
    free(path);
    free(reaped);
}

static void test_nobody_else_is_signalled(void **state)
{
    static const char *const argv[] = {"strace",   "-D",
                                       "-o",       "../trace",
                                       "-e",       "trace=kill,wait4",
                                       "systemfd", "-s",
                                       "http::0",  "--restart-on-hup",
                                       "--build",  "true",
                                       "--",       "server",
                                       "ready",    NULL};

    (void)state;
    if (!have_program("strace"))
        skip_because("there is no strace");
    start_systemfd(argv);
    expect_ready(1);
    restart(2);
    wait_for_the_only_server();
    free(ask(ports[0], "/exit/1"));
    expect("~> starting it again in ");
    expect_ready(3);
    process_signal(&systemfd, SIGTERM);
    WAIT_UNTIL(children_of(getpid()) == 0);
    process_wait(&systemfd);
    assert_signals_before_reaping();
}

/* systemfd may not signal a process that became root, and does not wait for it for ever. */
static void test_process_that_became_root(void **state)
{
    static const char *const argv[] = {"setpriv",
                                       "--reuid=65534",
                                       "--clear-groups",
                                       "../systemfd",
                                       "-s",
                                       "http::0",
                                       "--restart-on-hup",
                                       "--stop-timeout=1",
                                       "--",
                                       "sh",
                                       "-c",
                                       "../root root 0 & exec ../server ready",
                                       NULL};
    pid_t first;

    (void)state;
    if (geteuid() != 0)
        skip_because("only root can make a setuid program");
    in_project(
        "cp $(command -v systemfd) $(command -v server) .. && cp $(command -v waits) ../root "
        "&& chmod 4755 ../root && chmod 755 . ..");
    start_systemfd(argv);
    first = expect_ready(1);
    restart(2);
    expect("~> process "); /* "... does not stop" */
    WAIT_UNTIL(children_of(systemfd.pid) == 2);
    assert_int_equal(members_of(first), 1);
    process_signal(&systemfd, SIGTERM);
    for (int left = 2; left > 0;) {
        const char *line = expect("~> process ");
        if (strstr(line, " goes on: it cannot be ended: ")) {
            kill((pid_t)atol(line + strlen("~> process ")), SIGKILL);
            left--;
        }
    }
    WAIT_UNTIL(children_of(getpid()) == 0);
    process_wait(&systemfd);
}

/* ---- KILL ---- */

/* systemfd cannot act after KILL: the kernel kills its children (PR_SET_PDEATHSIG), and the
 * guardian the rest. Whatever it leaves becomes our child. */
static void assert_killed_along(void)
{
    assert_true(children_of(systemfd.pid) > 0);
    process_signal(&systemfd, SIGKILL);
    WAIT_UNTIL(children_of(getpid()) == 0);
    assert_int_equal(process_wait(&systemfd), 128 + SIGKILL);
    process_discard(&systemfd);
}

static void test_kill(void **state)
{
    (void)state;
    START_HUP("--", "server", "deaf", "ready");
    expect_ready(1);
    assert_killed_along();

    START_HUP("--build", "echo begins; exec sleep 1000", "--", "server");
    expect("begins");
    assert_killed_along();

    START_HUP("--build", "false", "--", "server");
    expect("~> the build failed");
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    assert_killed_along();
}

static pid_t started(const char *what)
{
    return (pid_t)atol(expect(what) + strlen(what));
}

/* Processes started by a server or a build: in the process group, even without an environment, and
 * outside of it. */
static void test_kill_ends_grandchildren(void **state)
{
    (void)state;
    START_HUP("-s", "unix::../ours", "--build", "setsid -f sleep 1000", "--settle=0", "--", "sh",
              "-c", "sleep 1000 & env -i sleep 1000 & setsid -f sleep 1000; server ready & wait");
    expect_ready(1);
    assert_killed_along();
    in_project("test ! -e ../ours");

    START_HUP("--build", "sleep 1000 & env -i sleep 1000 & setsid sleep 1000 & echo begins; wait",
              "--", "server");
    expect("begins");
    assert_killed_along();

    START_HUP("--", "server", "forking", "deaf", "ready");
    expect_ready(1);
    assert_killed_along();
}

/* The guardian is not killed along with all processes of a terminal or service. */
static void test_guardian_stands_apart(void **state)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1};
    char *guardian;

    (void)state;
    START_HUP("--", "sh", "-c", "setsid -f sleep 1000; exec server ready");
    expect_ready(1);
    guardian = shell("pgrep -x -P %ld guardian", (long)systemfd.pid);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_int_equal(kill((pid_t)atol(guardian), numbers[i]), 0);
    free(shell("test $(ps -o sid= -p %ld) = %ld && test $(ls /proc/%ld/fd | wc -l) = 1",
               atol(guardian), atol(guardian), atol(guardian)));
    assert_killed_along();
    free(guardian);
}

/* A systemfd that runs in another one, as its server, has its own guardian. */
static void test_kill_of_nested(void **state)
{
    (void)state;
    START_HUP("--", "systemfd", "--restart-on-hup", "--", "sh", "-c",
              "setsid -f sleep 1000; exec server ready");
    expect_ready(1);
    assert_killed_along();
}

/* A process that has left the group and has another environment cannot be found. */
static void test_what_kill_leaves(void **state)
{
    pid_t left;

    (void)state;
    START_HUP("-s", "unix::../left.sock", "--settle=0", "--", "sh", "-c",
              "env -i setsid sh -c 'echo left $$; exec sleep 1000' & wait");
    left = started("left ");
    process_signal(&systemfd, SIGKILL);
    WAIT_UNTIL(children_of(getpid()) == 1);
    assert_int_equal(process_wait(&systemfd), 128 + SIGKILL);
    process_discard(&systemfd);
    assert_int_equal(kill(left, SIGKILL), 0);
    WAIT_UNTIL(waitpid(left, NULL, WNOHANG) == left);
}

/* Processes of another systemfd are not killed. */
static void test_kill_spares_others(void **state)
{
    char number[24];
    pid_t marked;

    (void)state;
    START_HUP("--", "server", "ready");
    snprintf(number, sizeof number, "%ld", (long)systemfd.pid + 1);
    marked = fork();
    if (marked == 0) {
        setenv("SYSTEMFD_PID", number, 1);
        execlp("sleep", "sleep", "1000", NULL);
        _exit(127);
    }
    expect_ready(1);
    process_signal(&systemfd, SIGKILL);
    WAIT_UNTIL(children_of(getpid()) == 1);
    assert_int_equal(process_wait(&systemfd), 128 + SIGKILL);
    process_discard(&systemfd);
    assert_int_equal(kill(marked, SIGKILL), 0);
    WAIT_UNTIL(waitpid(marked, NULL, WNOHANG) == marked);
}

/* ---- 500 times ---- */

static size_t count_files(const char *format, long number)
{
    char path[64];
    struct dirent *entry;
    size_t count = 0;
    DIR *listing;

    snprintf(path, sizeof path, format, number);
    listing = opendir(path);
    assert_non_null(listing);
    while ((entry = readdir(listing)) != NULL)
        count += *entry->d_name != '.';
    closedir(listing);
    return count;
}

/* Counts all that systemfd has open: sockets that /proc/net/unix lists as datagram sockets. */
static size_t count_notify_sockets(void)
{
    char *count = shell("ls -l /proc/%ld/fd | sed -n 's/.*socket:.\\([0-9]*\\).*/ \\1 @/p' | "
                        "grep -c -F -f - /proc/net/unix || true",
                        (long)systemfd.pid);
    size_t number = strtoul(count, NULL, 10);

    free(count);
    return number;
}

static size_t descriptors_of_systemfd(void)
{
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    WAIT_UNTIL(zombies_of(systemfd.pid) == 0);
    return count_files("/proc/%ld/fd", (long)systemfd.pid);
}

/* Restarts the server, now and then after a crash, which shows the page, and with a build that
 * fails. From cycle 60 on there are 9 crashes and 18 such builds. */
static void run_cycle(unsigned cycle, unsigned *generation)
{
    if (cycle % 50 == 0) {
        wait_for_the_only_server();
        free(ask(ports[0], "/exit/0"));
        expect("~> server ");
        WAIT_UNTIL(!answers(ports[0], "hello"));
    }
    if (cycle % 25 == 0) {
        in_project("touch ../fail");
        process_signal(&systemfd, SIGHUP);
        expect("~> the build failed");
        in_project("rm ../fail");
    }
    process_signal(&systemfd, SIGHUP);
    expect_ready(++*generation);
}

static void test_500_cycles(void **state)
{
    size_t descriptors = 0;
    unsigned generation = 1;
    char *temporary = path_in(project, "../temporary");

    (void)state;
    in_project("mkdir ../temporary");
    setenv("TMPDIR", temporary, 1);
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--build", "test ! -e ../fail", "--",
          "server");
    expect_ready(1);
    for (unsigned cycle = 1; cycle <= 500; cycle++) {
        run_cycle(cycle, &generation);
        if (cycle == 60)
            descriptors = descriptors_of_systemfd();
    }
    /* A leak would add at least 9. Fewer may be open for the moment. */
    assert_in_range(descriptors_of_systemfd(), 0, descriptors + 8);
    assert_int_equal(count_files(temporary, 0), 0);
    assert_int_equal(count_notify_sockets(), 1);
    unsetenv("TMPDIR");
    free(temporary);
    end_by(SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_crash_is_reported),
        TEST(test_delay_grows),
        TEST(test_no_hot_loop),
        TEST(test_server_that_opens_the_port_itself),
        TEST(test_server_that_opens_another_address),
        TEST(test_crash_and_no_start),
        TEST(test_no_room_for_a_server),
        TEST(test_no_room_for_a_process),
        TEST(test_no_room_for_a_build),
        TEST(test_change_while_waiting),
        TEST(test_server_that_ends),
        TEST(test_server_that_ignores_term),
        TEST(test_server_that_forks),
        TEST(test_deaf_server_that_forks),
        TEST(test_child_that_is_left),
        TEST(test_server_in_a_shell),
        TEST(test_many_deaf_servers),
        TEST(test_build_that_leaves_something),
        TEST(test_build_that_cannot_be_run),
        TEST(test_build_that_is_killed),
        TEST(test_full_disk),
        TEST(test_end_of_a_running_server),
        TEST(test_end_of_a_deaf_server),
        TEST(test_second_interrupt),
        TEST(test_end_before_ready),
        TEST(test_end_during_a_build),
        TEST(test_end_during_a_deaf_build),
        TEST(test_end_while_waiting_to_restart),
        TEST(test_end_while_the_page_is_shown),
        TEST(test_end_while_a_client_is_slow),
        TEST(test_unix_paths),
        TEST(test_unix_paths_when_it_cannot_begin),
        TEST(test_nobody_else_is_signalled),
        TEST(test_process_that_became_root),
        TEST(test_kill),
        TEST(test_kill_ends_grandchildren),
        TEST(test_guardian_stands_apart),
        TEST(test_kill_of_nested),
        TEST(test_kill_spares_others),
        TEST(test_what_kill_leaves),
        TEST(test_500_cycles),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
