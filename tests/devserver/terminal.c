/* SPDX-License-Identifier: MIT
 * What the user sees and types, on a pseudoterminal; and what is different on a pipe. */
#include "devserver.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

enum { ROWS = 33, COLUMNS = 77 };

static struct termios modes; /* of the terminal, before systemfd starts */

/* Opens a terminal that passes output unchanged and does not echo. Ctrl-C still is a signal. */
static void open_terminal(int *master, int *slave)
{
    struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};

    assert_int_equal(openpty(master, slave, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(*slave, &modes), 0);
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)ECHO;
    assert_int_equal(tcsetattr(*slave, TCSANOW, &modes), 0);
    assert_int_equal(tcgetattr(*slave, &modes), 0);
}

/* Runs a command in a shell that leads the terminal's session. The test types and reads at the
 * other end, systemfd.output. */
static void run_on_terminal(const char *command)
{
    int master, slave;

    open_terminal(&master, &slave);
    memset(&systemfd, 0, sizeof systemfd);
    fflush(NULL);
    systemfd.pid = fork();
    assert_true(systemfd.pid >= 0);
    if (systemfd.pid == 0) {
        close(master);
        login_tty(slave);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(125);
    }
    close(slave);
    systemfd.output = master;
}

/* Starts systemfd in place of that shell, with `variables` such as "TERM=xterm NO_COLOR=1". */
static void start_on_terminal(const char *variables, const char *arguments)
{
    char *command;

    assert_true(asprintf(&command, "cd '%s' && exec env %s ASAN_OPTIONS=detect_leaks=0 systemfd %s",
                         project, variables, arguments) > 0);
    run_on_terminal(command);
    free(command);
}

/* On Linux, the modes at the other end are those of the terminal. */
static void assert_modes_are_as_before(void)
{
    struct termios now = {0}; /* the kernel fills less of c_cc than musl has */

    assert_int_equal(tcgetattr(systemfd.output, &now), 0);
    assert_int_equal(now.c_iflag, modes.c_iflag);
    assert_int_equal(now.c_oflag, modes.c_oflag);
    assert_int_equal(now.c_lflag, modes.c_lflag);
    assert_memory_equal(now.c_cc, modes.c_cc, sizeof now.c_cc);
}

static void type(char character)
{
    assert_int_equal(write(systemfd.output, &character, 1), 1);
}

/* ---- Colours ---- */

static const char plain[] = "~> server 1 is ready",
                  colored[] = "\033[1m\033[2m~>\033[0m \033[36mserver 1 is ready";

static void test_colors_on_a_terminal(void **state)
{
    static const struct {
        const char *variables, *option, *line;
    } rows[] = {
        {"TERM=xterm", "", colored},
        {"TERM=xterm NO_COLOR=", "", colored},
        {"TERM=xterm NO_COLOR=1", "", plain},
        {"TERM=xterm NO_COLOR=1", "--color=always", colored},
        {"TERM=xterm", "--color=never", plain},
        {"TERM=dumb", "", plain},
        {"-u TERM", "", plain},
    };
    char arguments[128];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(arguments, sizeof arguments, "%s --restart-on-hup --settle 0 -- sleep 1000",
                 rows[i].option);
        start_on_terminal(rows[i].variables, arguments);
        expect(rows[i].line);
        process_discard(&systemfd);
    }
}

static void test_colors_on_a_pipe(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    START("--restart-on-hup", "--settle=0", "--", "sleep", "1000");
    expect(plain);
    process_discard(&systemfd);
    START("--color=always", "--restart-on-hup", "--settle=0", "--", "sleep", "1000");
    expect(colored);
}

static void test_quiet(void **state)
{
    (void)state;
    START("--quiet", "--watch", ".", "--settle=0", "--build", "echo built", "--", "sh", "-c",
          "echo started; exec sleep 1000");
    assert_string_equal(process_line(&systemfd), "built");
    assert_string_equal(process_line(&systemfd), "started");
    put("file", "");
    assert_string_equal(process_line(&systemfd), "built");
    assert_string_equal(process_line(&systemfd), "started");
}

/* ---- What builds and servers see ---- */

/* Builds and servers write line by line and in colour, since each has a terminal of its own. It may
 * change the modes of that. */
static void test_children_see_a_terminal(void **state)
{
    (void)state;
    put("look", "echo $1; test -t 1 && test -t 2 && stty size <&1; stty raw -echo <&1\n"
                "read x || echo no input\n");
    start_on_terminal("TERM=xterm",
                      "--no-keys --restart-on-hup --settle 0 --build 'sh look build' -- "
                      "sh -c 'sh look server; exec sleep 1000'");
    expect("build");
    expect("33 77");
    expect("no input");
    expect("server");
    expect("33 77");
    expect("no input");
    assert_modes_are_as_before();
}

static void test_children_see_a_pipe(void **state)
{
    (void)state;
    START("--restart-on-hup", "--settle=0", "--build", "test -p /dev/stdout && echo pipe", "--",
          "sleep", "1000");
    expect("pipe");
}

static void test_size_that_changes(void **state)
{
    const struct winsize size = {.ws_row = 22, .ws_col = 66};

    (void)state;
    put("look", "trap 'stty size <&1' WINCH; echo waits; while :; do sleep 0.01; done");
    start_on_terminal("NO_COLOR=1", "--restart-on-hup --settle 0 -- sh look");
    expect("waits");
    assert_int_equal(ioctl(systemfd.output, TIOCSWINSZ, &size), 0);
    expect("22 66");
}

/* ---- The screen ---- */

static void test_clear(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--clear --watch . --settle 0 -s http::0 -- sleep 1000");
    expect("\033[H\033[2J~> socket http");
    expect("~> server 1 is ready");
    put("file", "");
    expect("\033[H\033[2J~> changed: ");
    expect("~> server 2 is ready");
    process_signal(&systemfd, SIGHUP);
    expect("\033[H\033[2J~> restarting: SIGHUP");
    expect("~> server 3 is ready");
}

static void test_clear_on_a_pipe(void **state)
{
    (void)state;
    START("--clear", "--watch", ".", "--settle=0", "--", "sleep", "1000");
    expect("~> server 1 is ready");
    put("file", "");
    expect("~> server 2 is ready");
    assert_null(strchr(systemfd.text, '\033'));
}

/* ---- Keys ---- */

static const char hint[] = "~> press r to restart, q to end";

static void test_keys(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --settle 100 --build true -- sleep 1000");
    expect(hint);
    expect("~> server 1 is ready");
    type('x');
    type('r');
    expect("~> restarting: key r");
    expect("~> server 2 is ready");
    type('\n');
    expect("");
    assert_int_equal(count_lines(hint), 1);
    type('q');
    WAIT_UNTIL(children_of(getpid()) == 0);
    assert_modes_are_as_before();
    assert_exits(0);
}

/* During a build the terminal has its usual modes, so what is typed counts only with Enter. */
static void test_keys_during_a_build(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1",
                      "--watch . --settle 0 --build 'echo begins; sleep 1000' -- sleep 1000");
    expect("begins");
    assert_modes_are_as_before();
    type('q');
    type('\n');
    assert_exits(0);
}

static void test_no_keys(void **state)
{
    static const char *const arguments[] = {
        "--quiet --restart-on-hup --settle 0 -- sh -c 'echo up; exec sleep 1000'",
        "--no-keys --restart-on-hup --settle 0 -- sh -c 'echo up; exec sleep 1000'",
        "--restart-on-hup --settle 0 -- sh -c 'echo up >&2; exec sleep 1000' >../log",
        "--restart-on-hup --settle 0 -- sh -c 'echo up; exec sleep 1000' </dev/null",
    };

    (void)state;
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        start_on_terminal("NO_COLOR=1", arguments[i]);
        expect("up");
        process_signal(&systemfd, SIGHUP);
        expect("up");
        assert_modes_are_as_before();
        assert_int_equal(count_lines(hint), 0);
        process_discard(&systemfd);
    }
}

/* Runs systemfd in a shell with job control. When systemfd has stopped, Enter continues it. */
static void run_in_shell(const char *arguments)
{
    char *command;

    assert_true(asprintf(&command,
                         "cd '%s'; export NO_COLOR=1 ASAN_OPTIONS=detect_leaks=0; set -m\n"
                         "systemfd %s\necho stopped; read x; fg; echo ended $?",
                         project, arguments) > 0);
    run_on_terminal(command);
    free(command);
}

static void test_stopping_and_going_on(void **state)
{
    (void)state;
    run_in_shell("--watch . --settle 0 -- sleep 1000");
    expect(hint);
    expect("~> server 1 is ready");
    type('Z' - '@');
    expect("stopped");
    assert_modes_are_as_before();
    type('\n');
    expect("systemfd --watch");
    type('r');
    expect("~> server 2 is ready");
    type('q');
    expect("ended 0");
    assert_modes_are_as_before();
}

static void test_coming_to_the_foreground(void **state)
{
    (void)state;
    run_in_shell("--watch . --settle 0 -- sleep 1000 &");
    expect("~> server 1 is ready");
    assert_int_equal(count_lines(hint), 0);
    type('\n');
    expect(hint);
    type('q');
    expect("ended 0");
}

/* ---- Processes that ask the user ---- */

#define ASK "printf \"Password: \" >/dev/tty; read x </dev/tty; echo got $x"

static int has_printed(const char *text)
{
    struct pollfd more = {.fd = systemfd.output, .events = POLLIN};
    char bytes[4096];
    ssize_t got;

    if (poll(&more, 1, 0) > 0 && (got = read(systemfd.output, bytes, sizeof bytes)) > 0) {
        systemfd.text = realloc(systemfd.text, systemfd.length + (size_t)got + 1);
        assert_non_null(systemfd.text);
        memcpy(systemfd.text + systemfd.length, bytes, (size_t)got);
        systemfd.length += (size_t)got;
        systemfd.text[systemfd.length] = '\0';
    }
    return systemfd.text && strstr(systemfd.text + systemfd.consumed, text);
}

static int is_anothers(pid_t before)
{
    pid_t foreground = tcgetpgrp(systemfd.output);

    return foreground != systemfd.pid && foreground != before;
}

static void type_line(const char *text)
{
    for (; *text; text++)
        type(*text);
    type('\n');
}

static void test_build_that_asks(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --settle 0 --build '" ASK "' -- sleep 1000");
    for (unsigned generation = 1; generation <= 2; generation++) {
        WAIT_UNTIL(has_printed("Password: ") && is_anothers(0));
        assert_modes_are_as_before();
        type_line("secret");
        expect("Password: got secret");
        expect("~> built in ");
        expect(generation == 1 ? "~> server 1 is ready" : "~> server 2 is ready");
        type('r');
    }
    WAIT_UNTIL(has_printed("Password: ") && is_anothers(0));
    type_line("again");
    expect("~> server 3 is ready");
    type('q');
    assert_exits(0);
}

/* Like getpass(3), a build may change the modes, and be killed before it restores them. */
static void test_build_that_dies_as_it_asks(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --settle 0 --build 'stty -icanon </dev/tty; echo "
                                    "set; kill -9 $$' -- sleep 1000");
    expect("~> the build failed after ");
    type('q');
    WAIT_UNTIL(children_of(getpid()) == 0);
    assert_modes_are_as_before();
}

static void test_control_c_while_a_build_asks(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --settle 0 --build '" ASK "' -- sleep 1000");
    WAIT_UNTIL(has_printed("Password: "));
    WAIT_UNTIL(is_anothers(0));
    type('C' - '@');
    WAIT_UNTIL(children_of(getpid()) == 0);
    assert_modes_are_as_before();
    assert_dies_of(SIGINT);
}

static void test_stopping_while_a_build_asks(void **state)
{
    (void)state;
    run_in_shell("--watch . --settle 0 --build '" ASK "' -- sleep 1000");
    WAIT_UNTIL(has_printed("Password: "));
    WAIT_UNTIL(members_of(tcgetpgrp(systemfd.output)) == 1); /* that of the build's shell */
    type('Z' - '@');
    expect("Password: stopped");
    type('\n');
    expect("systemfd --watch");
    type_line("secret");
    expect("got secret");
    expect("~> server 1 is ready");
    type('q');
    expect("ended 0");
}

/* Without --stop-first servers may run side by side, and nobody would know which of them asks. */
static void test_server_that_asks(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . -- sh -c 'read x </dev/tty'");
    assert_non_null(strstr(expect("~> process "), "wants the terminal, and was stopped; with "
                                                  "--stop-first a single server can have it"));
    type('q');
    assert_exits(0);
}

/* Workers run side by side even with --stop-first. */
static void test_workers_that_ask_with_stop_first(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1",
                      "--stop-first --workers 2 --watch . -- sh -c 'read x </dev/tty'");
    assert_non_null(strstr(expect("~> process "), "wants the terminal, and was stopped; with "
                                                  "--stop-first a single server can have it"));
    type('q');
    assert_exits(0);
}

static void test_server_that_asks_with_stop_first(void **state)
{
    pid_t first;

    (void)state;
    start_on_terminal("NO_COLOR=1", "--stop-first --settle 0 --watch . -- "
                                    "sh -c 'read x; echo got $x; exec sleep 1000'");
    expect("~> type r and Enter to restart, q and Enter to end");
    WAIT_UNTIL(is_anothers(0));
    first = tcgetpgrp(systemfd.output);
    type_line("first");
    expect("got first");
    put("file", "");
    expect("~> changed: ");
    WAIT_UNTIL(is_anothers(first));
    type_line("second");
    expect("got second");
    type('C' - '@');
    assert_dies_of(SIGINT);
}

/* ---- Progress ---- */

/* The build goes on only when "building ..." has been seen. */
static void test_progress_of_a_slow_build(void **state)
{
    (void)state;
    in_project("mkfifo ../gate");
    start_on_terminal("NO_COLOR=1",
                      "--restart-on-hup --settle 0 --build 'cat ../gate' -- sleep 1000");
    expect("~> building ...");
    in_project("echo go >../gate");
    expect("~> built in ");
    expect("~> server 1 is ready");
    assert_int_equal(count_lines("~> building"), 1);
}

/* A fast build takes less than half a second. On a busy machine that needs several tries. */
static void test_no_progress_of_a_fast_build(void **state)
{
    size_t slow = 0;
    const char *line;

    (void)state;
    start_on_terminal("NO_COLOR=1", "--restart-on-hup --settle 0 --build true -- sleep 1000");
    while (line = expect("~> built in "), !strstr(line, " ms") || atoi(line + 12) >= 500) {
        slow++;
        process_signal(&systemfd, SIGHUP);
    }
    assert_in_range(count_lines("~> building"), 0, slow);
}

static void test_no_progress_on_a_pipe(void **state)
{
    (void)state;
    START("--restart-on-hup", "--settle=0", "--build", "sleep 0.7", "--", "sleep", "1000");
    expect("~> built in ");
    assert_int_equal(count_lines("~> building"), 0);
}

/* ---- The end ---- */

/* systemfd dies of the same signal, and leaves nothing behind. QUIT is Ctrl-\\. */
static void test_signals_that_end(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGALRM};

    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        START("-s", "unix::./socket", "--watch", ".", "--settle=0", "--", "sh", "-c",
              "sleep 1000 & wait");
        expect("~> server 1 is ready");
        process_signal(&systemfd, signals[i]);
        assert_dies_of(signals[i]);
        in_project("! test -e socket");
        process_discard(&systemfd);
    }
}

static void test_signals_that_are_passed_on(void **state)
{
    (void)state;
    put("server.sh", "trap 'echo USR1' USR1; trap 'echo USR2' USR2; trap 'echo WINCH' WINCH\n"
                     "echo waits; while :; do sleep 0.01; done");
    START("--watch", ".", "--settle=0", "--", "sh", "server.sh");
    expect("waits");
    process_signal(&systemfd, SIGUSR1);
    expect("USR1");
    process_signal(&systemfd, SIGUSR2);
    expect("USR2");
    process_signal(&systemfd, SIGWINCH);
    expect("WINCH");
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

static void test_signal_without_a_server(void **state)
{
    (void)state;
    START("--watch", ".", "--", "false");
    expect("~> server 1 died");
    process_signal(&systemfd, SIGUSR1);
    expect("~> there is no server to pass SIGUSR1 on to");
}

static void test_server_that_does_not_stop(void **state)
{
    (void)state;
    put("server.sh", "trap '' TERM; echo up; while :; do sleep 0.01; done");
    start_on_terminal("NO_COLOR=1", "--watch . --settle 0 -- sh server.sh");
    expect("up");
    type('C' - '@');
    assert_non_null(
        strstr(expect("~> waiting for process "), " to stop; Ctrl-C again ends it at once"));
    type('C' - '@');
    assert_dies_of(SIGINT);
}

static void test_control_c(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --settle 0 --build 'stty -echo <&1; true' -- sleep "
                                    "1000");
    expect("~> server 1 is ready");
    type('C' - '@');
    WAIT_UNTIL(children_of(getpid()) == 0);
    assert_modes_are_as_before();
    assert_dies_of(SIGINT);
}

static void test_control_c_during_a_build(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --build 'echo begins; sleep 1000' -- sleep 1000");
    expect("begins");
    type('C' - '@');
    assert_dies_of(SIGINT);
}

/* The SIGHUP of a terminal that was closed ends systemfd: nobody is left to see a restart. */
static void test_terminal_that_is_closed(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --settle 0 -- sleep 1000");
    expect("~> server 1 is ready");
    close(systemfd.output);
    WAIT_UNTIL(children_of(getpid()) == 0);
    systemfd.output = -1;
}

/* The same if the output goes to a log. */
static void test_terminal_that_is_closed_beside_a_log(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --settle 0 -- sleep 1000 >../log 2>&1");
    in_project("until grep -q '~> server 1 is ready' ../log; do sleep 0.01; done");
    close(systemfd.output);
    WAIT_UNTIL(children_of(getpid()) == 0);
    systemfd.output = -1;
    in_project("! grep restarting ../log");
}

/* With nohup(1) a closed terminal does not matter. */
static void test_nohup(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1 nohup env", "--watch . --settle 0 -- sleep 1000 >../log 2>&1");
    in_project("until grep -q '~> server 1 is ready' ../log; do sleep 0.01; done");
    close(systemfd.output);
    in_project("until grep -q '~> server 2 is ready' ../log; do sleep 0.01; done");
    systemfd.output = -1;
}

static void test_hup_on_a_terminal(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --settle 0 -- sleep 1000");
    expect("~> server 1 is ready");
    process_signal(&systemfd, SIGHUP);
    expect("~> server 2 is ready");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_colors_on_a_terminal),
        TEST(test_colors_on_a_pipe),
        TEST(test_quiet),
        TEST(test_children_see_a_terminal),
        TEST(test_children_see_a_pipe),
        TEST(test_size_that_changes),
        TEST(test_clear),
        TEST(test_clear_on_a_pipe),
        TEST(test_keys),
        TEST(test_keys_during_a_build),
        TEST(test_no_keys),
        TEST(test_stopping_and_going_on),
        TEST(test_coming_to_the_foreground),
        TEST(test_build_that_asks),
        TEST(test_build_that_dies_as_it_asks),
        TEST(test_control_c_while_a_build_asks),
        TEST(test_stopping_while_a_build_asks),
        TEST(test_server_that_asks),
        TEST(test_workers_that_ask_with_stop_first),
        TEST(test_server_that_asks_with_stop_first),
        TEST(test_progress_of_a_slow_build),
        TEST(test_no_progress_of_a_fast_build),
        TEST(test_no_progress_on_a_pipe),
        TEST(test_signals_that_end),
        TEST(test_signals_that_are_passed_on),
        TEST(test_signal_without_a_server),
        TEST(test_server_that_does_not_stop),
        TEST(test_control_c),
        TEST(test_control_c_during_a_build),
        TEST(test_terminal_that_is_closed),
        TEST(test_terminal_that_is_closed_beside_a_log),
        TEST(test_nohup),
        TEST(test_hup_on_a_terminal),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
