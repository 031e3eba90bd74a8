/* SPDX-License-Identifier: MIT
 * What the user sees, and types: on a terminal of its own, and on a pipe. */
#include "devserver.h"

#include <errno.h>
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

static struct termios modes; /* of the terminal, before */

/* Bytes go through as they are, but Ctrl-C is a signal. */
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

/* systemfd is the leader of the terminal's session; the test types and reads at its other
 * end, systemfd.output. `variables` are put before ("TERM=xterm NO_COLOR=1"). */
static void start_on_terminal(const char *variables, const char *arguments)
{
    int master, slave;
    char *command;

    assert_true(asprintf(&command, "cd '%s' && exec env %s ASAN_OPTIONS=detect_leaks=0 systemfd %s",
                         project, variables, arguments) > 0);
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
    free(command);
    systemfd.output = master;
}

/* The other end's modes are those of the terminal (Linux). */
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

/* They write as they would to a terminal, line by line and in colour; each into one of its
 * own, whose modes it may change. */
static void test_children_see_a_terminal(void **state)
{
    (void)state;
    put("look", "echo $1; test -t 1 && test -t 2 && stty size <&1; stty raw -echo <&1\n"
                "read x || echo no input\n");
    start_on_terminal("TERM=xterm", "--restart-on-hup --settle 0 --build 'sh look build' -- "
                                    "sh -c 'sh look server; exec sleep 1000'");
    expect("build");
    assert_string_equal(process_line(&systemfd), "33 77");
    assert_string_equal(process_line(&systemfd), "no input");
    expect("server");
    assert_string_equal(process_line(&systemfd), "33 77");
    assert_string_equal(process_line(&systemfd), "no input");
    assert_modes_are_as_before();
}

static void test_children_see_a_pipe(void **state)
{
    (void)state;
    START("--restart-on-hup", "--settle=0", "--build", "test -p /dev/stdout && echo pipe", "--",
          "sleep", "1000");
    expect("pipe");
}

/* ---- Progress ---- */

/* The build goes on only once the sign was seen. */
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

/* Fast is below half a second, which on a busy machine takes several tries. */
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

/* Its SIGHUP is no request to restart: nobody is left to see it. */
static void test_terminal_that_is_closed(void **state)
{
    (void)state;
    start_on_terminal("NO_COLOR=1", "--watch . --settle 0 -- sleep 1000");
    expect("~> server 1 is ready");
    close(systemfd.output);
    WAIT_UNTIL(children_of(getpid()) == 0);
    systemfd.output = -1;
}

/* Also where it is not the terminal that is written to. */
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

/* nohup(1) is how to say that a closed terminal does not matter. */
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
        TEST(test_progress_of_a_slow_build),
        TEST(test_no_progress_of_a_fast_build),
        TEST(test_no_progress_on_a_pipe),
        TEST(test_control_c),
        TEST(test_control_c_during_a_build),
        TEST(test_terminal_that_is_closed),
        TEST(test_terminal_that_is_closed_beside_a_log),
        TEST(test_nohup),
        TEST(test_hup_on_a_terminal),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
