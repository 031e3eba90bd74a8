/* SPDX-License-Identifier: MIT
 * The command line in every spelling, what each option does, what is refused, and what is printed.
 * Started as "options show", this program is the receiver, and prints the options of socket 3. */
#include "listenfd.h"

#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static struct process receiver; /* after a failed test, end_receiver ends it */

static int end_receiver(void **state)
{
    (void)state;
    if (receiver.output)
        process_discard(&receiver);
    return 0;
}

static void expect(int status, int expected_status, const char *text, const char *expected)
{
    if (status != expected_status || strcmp(text, expected) != 0)
        print_message("expected status %d and:\n%s\ngot %d and:\n%s\n", expected_status, expected,
                      status, text);
    assert_int_equal(status, expected_status);
    assert_string_equal(text, expected);
}

/* ---- Spellings ---- */

static void check_opens_one(const char *options, const char *dashes)
{
    char *text = shell("systemfd %s %s probe", options, dashes);

    if (!strstr(text, "\nsocket 0 fd 3 ") || strstr(text, "\nsocket 1 "))
        print_message("systemfd %s %s probe:\n%s\n", options, dashes, text);
    assert_non_null(strstr(text, "\nsocket 0 fd 3 "));
    assert_null(strstr(text, "\nsocket 1 "));
    free(text);
}

static void test_spellings_of_socket(void **state)
{
    static const char *const rows[] = {
        "-s0",
        "-s 0",
        "-s=0",
        "--socket 0",
        "--socket=0",
        "-qs0",
        "-qs 0",
        "-qs=0",
        "-q -s0",
        "-qqs0",
        "-shttp::0",
        "-s=http::0",
        "-sx=http::0",
        "--socket=x=0",
        "-s x=0",
        "-b5 -s0",
        "-b 5 -s 0",
        "-b=5 -s=0",
        "-qb5 -s0",
        "--backlog=5 -s0",
        "--backlog 5 -s0",
        "--no-reuse -s0",
        "--reuse-port -s0",
        "--no-pid -s0",
        "--quiet -s0",
        "--color=never -s0",
        "--color never -s0",
        "-s0 --color always",
        "-s0 -q",
        "-s0 --no-pid",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_opens_one(rows[i], "");
        check_opens_one(rows[i], "--");
    }
}

static void check_command(const char *command, const char *expected)
{
    char *text, *line;
    int status;

    assert_true(asprintf(&line, "PATH=.:$PATH; %s", command) > 0);
    status = shell_status(&text, "%s", line);
    if (status != 0 || strcmp(text, expected) != 0)
        print_message("%s\n", command);
    expect(status, 0, text, expected);
    free(text);
    free(line);
}

/* What follows the command is not read as options, but passed to it. */
static void test_where_the_command_begins(void **state)
{
    static const char *const rows[][2] = {
        {"systemfd -qs0 echo -q --help -s 1", "-q --help -s 1\n"},
        {"systemfd -qs0 -- echo -q --help", "-q --help\n"},
        {"systemfd -qs0 echo -- -q", "-- -q\n"},
        {"systemfd -qs0 -- echo -- -q", "-- -q\n"},
        {"systemfd -q echo", "\n"},
        {"systemfd -q -- echo ''", "\n"},
        {"systemfd -q -- printf '<%s>' '' 'a b' '*' \"$(printf '\\n')x\"", "<><a b><*><x>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_command(rows[i][0], rows[i][1]);
}

static void test_command_that_begins_with_dashes(void **state)
{
    char *folder = folder_create();
    char *text =
        shell("cd %s && for name in -s --help -; do ln -s /bin/echo ./$name; "
              "PATH=.:$PATH systemfd -q -- $name it ran; done; PATH=.:$PATH systemfd -q - it ran",
              folder);

    (void)state;
    assert_string_equal(text, "it ran\nit ran\nit ran\nit ran\n");
    free(text);
    folder_remove(folder);
}

/* ---- Refused ---- */

static void check_refused(const char *arguments, const char *message)
{
    char *text, *expected;
    int status = shell_status(&text, "systemfd %s 2>&1 >/dev/null", arguments);

    assert_true(asprintf(&expected, "systemfd: %s\n", message) > 0);
    if (status != 2 || strcmp(text, expected) != 0)
        print_message("systemfd %s\n", arguments);
    expect(status, 2, text, expected);
    free(text);
    free(expected);
}

#define NOTHING_WITHOUT                                                                        \
    " does nothing without --watch, --build, --restart-on-hup, --exit-with-server, --lazy or " \
    "--accept"

static void test_refused(void **state)
{
    static const char missing[] = "the command to run is missing; "
                                  "expected systemfd [OPTIONS] -- COMMAND [ARGS...]; "
                                  "see systemfd --help";
    static const char *const rows[][2] = {
        {"", missing},
        {"--", missing},
        {"-q", missing},
        {"-s 0", missing},
        {"-s 0 --", missing},
        {"-x echo", "there is no option -x; see systemfd --help"},
        {"-qx echo", "there is no option -x; see systemfd --help"},
        {"-q=1 echo", "there is no option -=; see systemfd --help"},
        {"-v echo", "there is no option -v; see systemfd --help"},
        {"--bogus echo", "there is no option --bogus; see systemfd --help"},
        {"--bogus=1 echo", "there is no option --bogus; see systemfd --help"},
        {"--sock 0 echo", "there is no option --sock; see systemfd --help"},
        {"--sockets 0 echo", "there is no option --sockets; see systemfd --help"},
        {"--=0 echo", "there is no option --; see systemfd --help"},
        {"--s 0 echo", "there is no option --s; see systemfd --help"},
        {"-s", "--socket wants a value; see systemfd --help"},
        {"-qs", "--socket wants a value; see systemfd --help"},
        {"--socket", "--socket wants a value; see systemfd --help"},
        {"-b", "--backlog wants a value; see systemfd --help"},
        {"--color", "--color wants a value; see systemfd --help"},
        {"-s -- echo", "--socket wants a value; see systemfd --help"},
        {"--watch -s 0 echo", "--watch wants a value, and '-s' is an option; if it is the value, "
                              "write --watch=-s"},
        {"--no-reuse=1 echo", "--no-reuse takes no value"},
        {"--reuse-port=1 echo", "--reuse-port takes no value"},
        {"--no-pid=yes echo", "--no-pid takes no value"},
        {"--quiet= echo", "--quiet takes no value"},
        {"--help=x", "--help takes no value"},
        {"--version=x", "--version takes no value"},
        {"--color sometimes echo", "--color 'sometimes' is none of auto, always, never"},
        {"--color=Always echo", "--color 'Always' is none of auto, always, never"},
        {"--color= echo", "--color '' is none of auto, always, never"},
        {"--color alwaysx echo", "--color 'alwaysx' is none of auto, always, never"},
        {"-b 0 echo", "--backlog '0' is not a number from 1 to 2147483647"},
        {"-b -1 echo", "--backlog '-1' is not a number from 1 to 2147483647"},
        {"-b +1 echo", "--backlog '+1' is not a number from 1 to 2147483647"},
        {"-b ' 1' echo", "--backlog ' 1' is not a number from 1 to 2147483647"},
        {"-b 1x echo", "--backlog '1x' is not a number from 1 to 2147483647"},
        {"-b 0x10 echo", "--backlog '0x10' is not a number from 1 to 2147483647"},
        {"-b many echo", "--backlog 'many' is not a number from 1 to 2147483647"},
        {"-b= echo", "--backlog '' is not a number from 1 to 2147483647"},
        {"--backlog= echo", "--backlog '' is not a number from 1 to 2147483647"},
        {"-b '' echo", "--backlog '' is not a number from 1 to 2147483647"},
        {"-b 2147483648 echo", "--backlog '2147483648' is not a number from 1 to 2147483647"},
        {"-b 99999999999999999999 echo",
         "--backlog '99999999999999999999' is not a number from 1 to 2147483647"},
        {"--delay x echo", "--delay 'x' is not a number from 0 to 2147483647"},
        {"--settle=-1 echo", "--settle '-1' is not a number from 0 to 2147483647"},
        {"--stop-timeout 1.5 echo", "--stop-timeout '1.5' is not a number from 0 to 2147483647"},
        {"--settle 0 echo", "--settle" NOTHING_WITHOUT},
        {"--no-error-page --exit-on-failure echo", "--exit-on-failure" NOTHING_WITHOUT},
        {"--watch . --workers 0 echo", "--workers '0' is not a number from 1 to 64"},
        {"--watch . --workers 65 echo", "--workers '65' is not a number from 1 to 64"},
        {"--watch . --move-aside x echo", "--move-aside does nothing without --build"},
        {"--workers 2 echo", "--workers" NOTHING_WITHOUT},
        {"--poll 200 echo", "the value of --poll stands after '=': --poll=200"},
        {"--watch . --poll=x echo", "--poll 'x' is not a number from 0 to 2147483647"},
        {"--watch . --poll= echo", "--poll '' is not a number from 0 to 2147483647"},
        {"--poll echo", "--poll does nothing without --watch"},
        {"--build make --ignore x echo", "--ignore does nothing without --watch"},
        {"--lazy --only x echo", "--only does nothing without --watch"},
        {"--restart-on-hup --delay 5 echo", "--delay does nothing without --watch"},
        {"--accept --no-gitignore echo", "--no-gitignore does nothing without --watch"},
        {"--exit-with-server --no-default-ignore echo",
         "--no-default-ignore does nothing without --watch"},
        {"--watch . --restart-build echo", "--restart-build does nothing without --build"},
        {"--watch . --no-error-page --error-page-for x echo",
         "--error-page-for does nothing with --no-error-page; leave out one"},
        {"--stop-signal NOPE echo",
         "--stop-signal 'NOPE' is not a signal; expected a name like TERM, or a number"},
        {"--stop-signal SIG echo",
         "--stop-signal 'SIG' is not a signal; expected a name like TERM, or a number"},
        {"--stop-signal 65 echo",
         "--stop-signal '65' is not a signal; expected a name like TERM, or a number"},
        {"--stop-signal= echo",
         "--stop-signal '' is not a signal; expected a name like TERM, or a number"},
        {"--error-page-for http://shop.test/ echo",
         "--error-page-for 'http://shop.test/' is not a host; expected a name like shop.test, or "
         "an "
         "address like 192.168.1.2 or [fd00::2], without a port"},
        {"--error-page-for shop.test:80 echo",
         "--error-page-for 'shop.test:80' is not a host; expected a name like shop.test, or an "
         "address like 192.168.1.2 or [fd00::2], without a port"},
        {"--error-page-for= echo",
         "--error-page-for '' is not a host; expected a name like shop.test, or an "
         "address like 192.168.1.2 or [fd00::2], without a port"},
        {"--error-page-for [fd00::2 echo",
         "--error-page-for '[fd00::2' is not a host; expected a name like shop.test, or an "
         "address like 192.168.1.2 or [fd00::2], without a port"},
        {"--error-page-for [fd00::2] echo", "--error-page-for" NOTHING_WITHOUT},
        {"-s ftp::0 echo",
         "-s ftp::0: unknown type 'ftp'; the types are tcp, tcp6, http, https, udp, udp6, unix, "
         "unix-datagram, unix-seqpacket"},
        {"-q -s @ echo", "-s @: the path is empty"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_refused(rows[i][0], rows[i][1]);
}

/* ---- Help and version ---- */

static void test_version(void **state)
{
    static const char *const rows[] = {"-V", "--version", "-qV", "-s0 -V", "-V echo", "-V -h"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text, *line;
        int status;
        assert_true(asprintf(&line, "systemfd %s 2>/dev/null", rows[i]) > 0);
        status = shell_status(&text, "%s", line);
        expect(status, 0, text, "systemfd " LISTENFD_VERSION "\n");
        free(text);
        free(line);
    }
}

static void test_help(void **state)
{
    static const char *const parts[] = {
        "Usage: systemfd [OPTIONS] [--] COMMAND",
        "-s, --socket",
        "-b, --backlog",
        "--no-reuse",
        "--reuse-port",
        "--no-pid",
        "-q, --quiet",
        "--color",
        "-h, --help",
        "-V, --version",
        "tcp, tcp6, http, https, udp, udp6, unix, unix-datagram, unix-seqpacket",
        ",mode=",
        "126",
        "127"};
    char *letter = shell("systemfd -h 2>/dev/null"), *name = shell("systemfd --help 2>/dev/null");

    (void)state;
    assert_string_equal(letter, name);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_non_null(strstr(name, parts[i]));
    free(letter);
    free(name);
}

/* Every option that the help shows is known. */
static void test_help_is_true(void **state)
{
    char *options = shell("systemfd --help | grep -o -E '^  +(-[a-zA-Z], )?--[a-z-]+'"
                          " | grep -o -E -e '-[-a-zA-Z]+' | sort -u");
    int count = 0;
    char *rest;

    (void)state;
    for (char *option = strtok_r(options, "\n", &rest); option;
         option = strtok_r(NULL, "\n", &rest), count++) {
        char *text;
        shell_status(&text, "systemfd %s", option);
        if (strstr(text, "there is no option"))
            print_message("%s is in the help, but not an option\n", option);
        assert_null(strstr(text, "there is no option"));
        free(text);
    }
    assert_true(count >= 14);
    free(options);
}

static void test_output_that_cannot_be_written(void **state)
{
    char *text;
    int status;

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *option = i ? "--version" : "--help";
        status = shell_status(&text, "systemfd %s >/dev/full", option);
        expect(status, 1, text,
               "systemfd: cannot write to standard output: No space left on device\n");
        free(text);
        status = shell_status(&text, "systemfd %s >&-", option);
        expect(status, 0, text, "");
        free(text);
        status = shell_status(&text, "systemfd %s 2>&- <&- >/dev/null", option);
        expect(status, 0, text, "");
        free(text);
    }
}

/* ---- What is printed ---- */

static int port_in(const char *text)
{
    const char *socket = strstr(text, "\nsocket 0");

    assert_non_null(socket);
    socket += strcspn(socket + 1, "\n"); /* the last character of the line */
    while (socket[-1] >= '0' && socket[-1] <= '9')
        socket--;
    return atoi(socket);
}

static void test_lines_of_internet_sockets(void **state)
{
    static const char *const rows[][2] = {
        {"http::0", "~> socket http://127.0.0.1:%d/ -> fd #3\n"},
        {"https::0", "~> socket https://127.0.0.1:%d/ -> fd #3\n"},
        {"0", "~> socket 127.0.0.1:%d (tcp listener) -> fd #3\n"},
        {"tcp::0", "~> socket 127.0.0.1:%d (tcp listener) -> fd #3\n"},
        {"tcp::localhost:0", "~> socket 127.0.0.1:%d (tcp listener) -> fd #3\n"},
        {"http::0.0.0.0:0", "~> socket http://0.0.0.0:%d/ -> fd #3\n"},
        {"udp::0", "~> socket 127.0.0.1:%d (udp) -> fd #3\n"},
        {"name=udp::0", "~> socket 127.0.0.1:%d (udp) -> fd #3\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = shell("systemfd -s %s -- probe", rows[i][0]), expected[128];
        snprintf(expected, sizeof expected, rows[i][1], port_in(text));
        text[strcspn(text, "\n") + 1] = '\0';
        assert_string_equal(text, expected);
        free(text);
    }
}

static void test_lines_of_ipv6_sockets(void **state)
{
    static const char *const rows[][2] = {
        {"http::[::1]:0", "~> socket http://[::1]:%d/ -> fd #3\n"},
        {"[::1]:0", "~> socket [::1]:%d (tcp listener) -> fd #3\n"},
        {"*:0", "~> socket [::]:%d (tcp listener) -> fd #3\n"},
        {"udp6::0", "~> socket [::1]:%d (udp) -> fd #3\n"},
    };

    (void)state;
    if (shell_status(NULL, "grep -q . /proc/net/if_inet6") != 0)
        skip_because("there is no IPv6 here");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = shell("systemfd -s '%s' -- probe", rows[i][0]), expected[128];
        snprintf(expected, sizeof expected, rows[i][1], port_in(text));
        text[strcspn(text, "\n") + 1] = '\0';
        assert_string_equal(text, expected);
        free(text);
    }
}

static void test_lines_of_unix_sockets(void **state)
{
    char *folder = folder_create(), *expected;
    char *text = shell("cd %s && systemfd -s ./a -s unix::b -s n=%s/c,mode=600 -s unix-datagram::d "
                       "-s unix-seqpacket::e -s @%s -- true",
                       folder, folder, folder);

    (void)state;
    assert_true(asprintf(&expected,
                         "~> socket ./a (unix listener) -> fd #3\n"
                         "~> socket b (unix listener) -> fd #4\n"
                         "~> socket %s/c (unix listener) -> fd #5\n"
                         "~> socket d (unix datagram) -> fd #6\n"
                         "~> socket e (unix seqpacket listener) -> fd #7\n"
                         "~> socket @%s (unix listener) -> fd #8\n",
                         folder, folder) > 0);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
    folder_remove(folder);
}

static void test_no_sockets(void **state)
{
    static const char *const rows[][2] = {
        {"systemfd -- true", "~> warning: no sockets created; open one with -s before the command, "
                             "as in -s http::5000 -- ./server\n"},
        {"systemfd -q -- true", ""},
        {"systemfd --quiet -- true", ""},
        {"systemfd -- true 2>/dev/null", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = shell("%s", rows[i][0]);
        assert_string_equal(text, rows[i][1]);
        free(text);
    }
}

/* Errors are printed even with --quiet. */
static void test_quiet(void **state)
{
    char *text = shell("systemfd -q -s 0 -s udp::0 -- true; systemfd -s 0 --quiet -- true");

    (void)state;
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(shell_status(&text, "systemfd -q -s 0 -- /missing/command"), 127);
    assert_string_equal(text, "systemfd: cannot find the command '/missing/command'\n");
    free(text);
}

/* ---- Color ---- */

static int is_colored(const char *text)
{
    assert_true(*text != '\0');
    return strchr(text, '\033') != NULL;
}

/* What a command prints on a terminal that is its standard error. */
static char *on_terminal(const char *command)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct pollfd ready = {.fd = terminal, .events = POLLIN};
    char buffer[1024];
    ssize_t got;

    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    free(shell("%s 2>%s", command, ptsname(terminal)));
    assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
    got = read(terminal, buffer, sizeof buffer);
    assert_true(got > 0);
    close(terminal);
    return strndup(buffer, (size_t)got);
}

static void test_color_on_a_terminal(void **state)
{
    static const struct {
        const char *command;
        int colored;
    } rows[] = {
        {"TERM=xterm systemfd -s0 true", 1},
        {"TERM=xterm systemfd -s0 --color auto true", 1},
        {"TERM=xterm NO_COLOR= systemfd -s0 true", 1},
        {"TERM=xterm NO_COLOR=1 systemfd -s0 true", 0},
        {"TERM=dumb systemfd -s0 true", 0},
        {"env -u TERM systemfd -s0 true", 0},
        {"TERM=xterm systemfd -s0 --color never true", 0},
        {"TERM=xterm NO_COLOR=1 systemfd -s0 --color always true", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = on_terminal(rows[i].command);
        if (is_colored(text) != rows[i].colored)
            print_message("%s\n", rows[i].command);
        assert_int_equal(is_colored(text), rows[i].colored);
        free(text);
    }
}

static void test_color_elsewhere(void **state)
{
    static const struct {
        const char *command;
        int colored;
    } rows[] = {
        {"TERM=xterm systemfd -s0 true", 0},
        {"TERM=xterm systemfd -s0 --color auto true", 0},
        {"systemfd -s0 --color never true", 0},
        {"systemfd -s0 --color always true", 1},
        {"systemfd -s0 --color=always true", 1},
        {"systemfd --color never --color always -s0 true", 1},
        {"systemfd --color always --color never -s0 true", 0},
        {"NO_COLOR=1 systemfd -s0 --color always true", 1},
        {"systemfd --color always -s @ true || true", 1},
        {"systemfd --color never -s @ true || true", 0},
        {"systemfd --color always -q /missing/command || true", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = shell("%s", rows[i].command);
        if (is_colored(text) != rows[i].colored)
            print_message("%s\n", rows[i].command);
        assert_int_equal(is_colored(text), rows[i].colored);
        free(text);
    }
}

/* Without the escape sequences, a coloured line is the same as a plain one. */
static void test_color_adds_only_color(void **state)
{
    char *text = shell("systemfd -s udp::0 --color always true 2>&1 | "
                       "sed -e 's/\\x1b\\[[0-9;]*m//g' -e 's/:[0-9]* /:PORT /'");

    (void)state;
    assert_string_equal(text, "~> socket 127.0.0.1:PORT (udp) -> fd #3\n");
    free(text);
}

/* ---- Socket options, as the receiver finds them ---- */

static int option_of(int level, int option)
{
    socklen_t size = sizeof(int);
    int value = -1;

    getsockopt(3, level, option, &value, &size);
    return value;
}

/* For a listener, the kernel puts the backlog into tcpi_sacked. */
static int backlog(void)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    return getsockopt(3, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ? -1 : (int)info.tcpi_sacked;
}

static int show(void)
{
    printf("reuseaddr %d reuseport %d backlog %d nonblocking %d\n",
           option_of(SOL_SOCKET, SO_REUSEADDR), option_of(SOL_SOCKET, SO_REUSEPORT), backlog(),
           is_nonblocking(3));
    return 0;
}

static int largest_backlog(void)
{
    char *text = shell("cat /proc/sys/net/core/somaxconn");
    int limit = atoi(text);

    free(text);
    return limit < SOMAXCONN ? limit : SOMAXCONN;
}

static void test_socket_options(void **state)
{
    static const char *const rows[][2] = {
        {"-s 0", "reuseaddr 1 reuseport 0"},
        {"-s http::0", "reuseaddr 1 reuseport 0"},
        {"-s '*:0'", "reuseaddr 1 reuseport 0"},
        {"-s 0 --no-reuse", "reuseaddr 0 reuseport 0"},
        {"-s 0 --reuse-port", "reuseaddr 1 reuseport 1"},
        {"-s 0 --no-reuse --reuse-port", "reuseaddr 0 reuseport 1"},
        {"-s udp::0", "reuseaddr 0 reuseport 0"},
        {"-s udp::0 --no-reuse", "reuseaddr 0 reuseport 0"},
        {"-s udp::0 --reuse-port", "reuseaddr 0 reuseport 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = shell("systemfd -q %s -- $SELF show", rows[i][0]);
        if (strncmp(text, rows[i][1], strlen(rows[i][1])) != 0)
            print_message("%s: %s\n", rows[i][0], text);
        assert_memory_equal(text, rows[i][1], strlen(rows[i][1]));
        assert_non_null(strstr(text, "nonblocking 0"));
        free(text);
    }
}

static void test_backlog_of_tcp(void **state)
{
    const struct {
        const char *option;
        int backlog;
    } rows[] = {
        {"", largest_backlog()}, {"-b1", 1},     {"-b010", 10},        {"-b 7", 7},
        {"--backlog=100", 100},  {"-b5 -b6", 6}, {"-b2147483647", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = shell("systemfd -q -s 0 %s -- $SELF show", rows[i].option), expected[64];
        snprintf(expected, sizeof expected, "backlog %d ", rows[i].backlog);
        if (rows[i].backlog < 0) /* any value, as the system decides */
            strcpy(expected, "backlog ");
        if (!strstr(text, expected))
            print_message("%s: expected %s, got %s\n", rows[i].option, expected, text);
        assert_non_null(strstr(text, expected));
        free(text);
    }
}

/* How many connections fit into the queue. */
static int room_at(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int clients[64], count = 0;

    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    do {
        clients[count] = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    } while (connect(clients[count++], (struct sockaddr *)&address, sizeof address) == 0);
    assert_int_equal(errno, EAGAIN);
    for (int i = 0; i < count; i++)
        close(clients[i]);
    return count - 1;
}

/* The kernel lets in one more than the backlog says. */
static void test_backlog_of_unix(void **state)
{
    const char *const argv[] = {"systemfd", "-qb2",
                                "-s",       "./stream",
                                "-s",       "unix-seqpacket::./packet",
                                "--",       "sh",
                                "-c",       "echo ready; exec sleep 1000",
                                NULL};
    char *folder = folder_create(), *stream = path_in(folder, "stream");
    char *packet = path_in(folder, "packet");

    (void)state;
    process_start(&receiver, &(struct launch){.argv = argv, .folder = folder});
    process_line_with(&receiver, "ready");
    assert_int_equal(room_at(stream, SOCK_STREAM), 3);
    assert_int_equal(room_at(packet, SOCK_SEQPACKET), 3);
    process_discard(&receiver);
    free(stream);
    free(packet);
    folder_remove(folder);
}

/* ---- Which process the variables are for ---- */

static void test_no_pid(void **state)
{
    char *text = shell("systemfd -q -s 0 --no-pid -- env | grep ^LISTEN_ | sort");

    (void)state;
    assert_string_equal(text, "LISTEN_FDS=1\nLISTEN_FDS_FIRST_FD=3\n");
    free(text);
    text = shell("systemfd -q -s a=0 --no-pid -- env | grep ^LISTEN_ | sort");
    assert_string_equal(text, "LISTEN_FDNAMES=a\nLISTEN_FDS=1\nLISTEN_FDS_FIRST_FD=3\n");
    free(text);
    text = shell("systemfd -q -s 0 --no-pid -- sh -c 'probe; :'");
    assert_non_null(strstr(text, "status 1\n"));
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings_of_socket),
        cmocka_unit_test(test_where_the_command_begins),
        cmocka_unit_test(test_command_that_begins_with_dashes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_help_is_true),
        cmocka_unit_test(test_output_that_cannot_be_written),
        cmocka_unit_test(test_lines_of_internet_sockets),
        cmocka_unit_test(test_lines_of_ipv6_sockets),
        cmocka_unit_test(test_lines_of_unix_sockets),
        cmocka_unit_test(test_no_sockets),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_color_on_a_terminal),
        cmocka_unit_test(test_color_elsewhere),
        cmocka_unit_test(test_color_adds_only_color),
        cmocka_unit_test(test_socket_options),
        cmocka_unit_test(test_backlog_of_tcp),
        cmocka_unit_test_teardown(test_backlog_of_unix, end_receiver),
        cmocka_unit_test(test_no_pid),
    };

    if (argc > 1 && strcmp(argv[1], "show") == 0)
        return show();
    return cmocka_run_group_tests(tests, find_programs, NULL);
}
