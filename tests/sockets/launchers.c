/* SPDX-License-Identifier: MIT
 * Servers that were written for other launchers, or for none: placeholders in their arguments, the
 * socket at descriptor 0, the variables of start_server and einhorn. docs/recipes.md, which
 * tests/stacks runs, has more of them: uvicorn, Starlet, Java, PHP. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The output of a shell command in the project. */
static char *output_of(const char *command)
{
    return shell("cd '%s' && %s", project, command);
}

static void check_output(const char *command, const char *expected)
{
    char *text = output_of(command);

    if (strcmp(text, expected) != 0)
        print_message("%s\n", command);
    assert_string_equal(text, expected);
    free(text);
}

/* ---- Placeholders ---- */

#define PRINTS "-- printf '%s\\n' "
#define TWO "systemfd -q --placeholders -s web=[::1]:0 -s un=unix::a:b "

static void test_placeholders(void **state)
{
    static const char *const rows[][2] = {
        {TWO PRINTS "{fd} --fd={fd:un}, '{fd}{fd:web}'", "3\n--fd=4,\n33\n"},
        {TWO PRINTS "{address:un} a{address:un}b", "a:b\naa:bb\n"},
        {TWO "-- sh -c 'test \"[::1]:$0\" = \"$1\" && test $0 -gt 0 && echo same' {port} {address}",
         "same\n"},
        {TWO "--stdin " PRINTS "{fd} {fd:un}", "0\n3\n"},
        /* Only exactly these words are placeholders. */
        {TWO PRINTS "{{fd}} '{{port:web}}' '{{{fd}}}' '{{fd}'", "{fd}\n{port:web}\n{{fd}}\n{3\n"},
        {TWO PRINTS
         "{} {FD} '{ fd }' {fd:} {fds} {port '{fd' '{fd:we' fd} '{print $1}' '{fd:{}}' ''",
         "{}\n{FD}\n{ fd }\n{fd:}\n{fds}\n{port\n{fd\n{fd:we\nfd}\n{print $1}\n{fd:{}}\n\n"},
        /* Without the option there are none. */
        {"systemfd -q -s 0 " PRINTS "{fd} {{fd}} {port} {address:x}",
         "{fd}\n{{fd}}\n{port}\n{address:x}\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_output(rows[i][0], rows[i][1]);
}

static void test_refused_placeholders(void **state)
{
    (void)state;
    assert_refused("systemfd --placeholders -- echo 'x{fd}'", "{fd}: there is no socket; open one");
    assert_refused("systemfd --placeholders -s 0 -- echo '{fd:web}y'",
                   "{fd:web}: no socket has that name; -s web=... gives it one");
    assert_refused("systemfd --placeholders -s ./s -- echo '{port}'", "{port}: ./s has no port");
    assert_refused("systemfd --placeholders -s unix::a:b -- echo '{port}'",
                   "{port}: a:b has no port");
}

/* Each restart has the same numbers. */
static void test_placeholders_of_restarts(void **state)
{
    (void)state;
    START("--placeholders", "--restart-on-hup", "-s", "http::0", "--", "sh", "-c",
          "echo \"fd $0 port $1\"; exec server ready", "{fd}", "{port}");
    for (unsigned generation = 1; generation <= 2; generation++) {
        char line[64];
        snprintf(line, sizeof line, "fd 3 port %d", ports[0]);
        expect(line);
        expect_ready(generation);
        assert_answers(ports[0], "hello");
        if (generation == 1)
            process_signal(&systemfd, SIGHUP);
    }
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* ---- Descriptor 0 ---- */

static void test_stdin(void **state)
{
    (void)state;
    check_output("systemfd -q --stdin -s 0 -- sh -c 'readlink /proc/self/fd/0 | cut -c 1-7; "
                 "test -e /proc/self/fd/3 || env | grep -c ^LISTEN_'; true",
                 "socket:\n0\n");
    check_output(
        "systemfd -q --stdin -s a=0 -s b=0 -s 0 -- sh -c 'readlink /proc/self/fd/0 | cut -c "
        "1-7; echo $LISTEN_FDS $LISTEN_FDNAMES; test -S /proc/self/fd/4 && ! test -S "
        "/proc/self/fd/5 && echo two'",
        "socket:\n2 b:unknown\ntwo\n");
    assert_refused("systemfd --stdin -- true", "--stdin wants a socket to pass; open one with -s");
}

static void test_report_of_stdin(void **state)
{
    char *text = output_of("systemfd --stdin -s 0 -s @listenfd-$$ -- true 2>&1");

    (void)state;
    assert_non_null(strstr(text, "(tcp listener) -> fd #0\n"));
    assert_non_null(strstr(text, "(unix listener) -> fd #3\n"));
    free(text);
}

/* ---- start_server ---- */

static void test_variables_of_start_server(void **state)
{
    (void)state;
    check_output("systemfd -q --placeholders --export start_server -s 0 -s b='[::1]:0' -s ./x.sock "
                 "-- sh -c 'test \"$SERVER_STARTER_PORT\" = \"$0\" && echo same "
                 "$SERVER_STARTER_GENERATION $LISTEN_FDS' "
                 "'127.0.0.1:{port}=3;[::1]:{port:b}=4;./x.sock=5'",
                 "same 1 3\n");
}

static void test_refused_dialects(void **state)
{
    (void)state;
    assert_refused("systemfd --export upstart -s 0 -- true",
                   "--export 'upstart' is none of start_server, einhorn");
    assert_refused("systemfd --export start_server -s '@x;y' -- true",
                   "--export start_server cannot tell of @x;y");
    assert_refused(
        "systemfd --export start_server -s './x=y' -- true; s=$?; test ! -e ./x=y && exit $s",
        "--export start_server cannot tell of ./x=y");
}

#define STARLET "plackup", "-s", "Starlet", "--max-workers", "2", "app.psgi"

/* Starlet's own reader finds the sockets. Each restart is a new generation. */
static void test_starlet(void **state)
{
    (void)state;
    if (!have_program("plackup"))
        skip_because("plackup is missing: install starlet");
    put("app.psgi", "my $hello = \"hello $ENV{SERVER_STARTER_GENERATION}\\n\";\n"
                    "sub { [200, [\"Content-Type\" => \"text/plain\"], [$hello]] };\n");
    START("-s", "http::0", "--export", "start_server", "--restart-on-hup", "--", STARLET);
    for (unsigned generation = 1; generation <= 2; generation++) {
        char expected[16], *answer;
        snprintf(expected, sizeof expected, "hello %u\n", generation);
        expect_ready(generation);
        WAIT_UNTIL(children_of(systemfd.pid) == 1); /* the old one may answer until it has ended */
        answer = ask(ports[0], "/");
        assert_non_null(strstr(answer, expected));
        free(answer);
        if (generation == 1)
            process_signal(&systemfd, SIGHUP);
    }
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* ---- einhorn ---- */

static void test_variables_of_einhorn(void **state)
{
    (void)state;
    check_output("exec systemfd -q --export einhorn -s 0 -s '[::1]:0' -s ./x.sock -- sh -c 'echo "
                 "$EINHORN_FDS, $EINHORN_FD_COUNT: $EINHORN_FD_0 $EINHORN_FD_1 $EINHORN_FD_2; "
                 "echo $EINHORN_FD_FAMILY_0 $EINHORN_FD_FAMILY_1 $EINHORN_FD_FAMILY_2; "
                 "test $EINHORN_MASTER_PID = $PPID && echo parent'",
                 "3 4 5, 3: 3 4 5\nAF_INET AF_INET6 AF_UNIX\nparent\n");
}

static const char goji[] = "package main\n"
                           "import (\"io\"; \"os\"; \"os/signal\"; \"syscall\"; "
                           "\"github.com/zenazn/goji/bind\")\n"
                           "func main() {\n"
                           "    listener := bind.Socket(\"einhorn@0\")\n"
                           "    stop := make(chan os.Signal, 1)\n"
                           "    signal.Notify(stop, syscall.SIGUSR2)\n"
                           "    go func() { <-stop; os.Exit(0) }()\n"
                           "    for {\n"
                           "        client, err := listener.Accept()\n"
                           "        if err != nil { return }\n"
                           "        io.WriteString(client, \"hello from goji\\n\")\n"
                           "        client.Close()\n"
                           "    }\n"
                           "}\n";

/* Goji reads these variables. Like einhorn, systemfd asks it to stop by USR2. */
static void test_goji(void **state)
{
    char *answer;

    (void)state;
    if (!have_program("go") ||
        shell_status(NULL, "test -d /usr/share/gocode/src/github.com/zenazn/goji/bind") != 0)
        skip_because("golang-go or golang-github-zenazn-goji-dev is not installed");
    put("goji.go", goji);
    in_project("GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$PWD/../cache "
               "go build -o ../goji goji.go");
    START("-s", "http::0", "--export", "einhorn", "--stop-signal", "USR2", "--restart-on-hup", "--",
          "../goji");
    expect_ready(1);
    answer = exchange(connect_port(ports[0]), "");
    assert_string_equal(answer, "hello from goji\n");
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_placeholders),
        TEST(test_refused_placeholders),
        TEST(test_placeholders_of_restarts),
        TEST(test_stdin),
        TEST(test_report_of_stdin),
        TEST(test_variables_of_start_server),
        TEST(test_refused_dialects),
        TEST(test_starlet),
        TEST(test_variables_of_einhorn),
        TEST(test_goji),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
