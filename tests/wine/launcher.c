/* SPDX-License-Identifier: MIT
 * systemfd.exe, hello.exe and a probe under Wine, 64-bit and 32-bit, watched from outside.
 * Wine's sockets are the host's: what talks to them here is native. */
#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <dirent.h>
#include <netinet/in.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { INFO_SIZE = 628 };

static const char *const machines[] = {"x86_64", "i686"};

/* ---- Programs ---- */

/* Their paths stay valid. */
static const char *program(const char *machine, const char *name)
{
    static char paths[16][128];
    static int next;
    char *path = paths[next++ % 16];

    snprintf(path, sizeof paths[0], "%s/%s-w64-mingw32/%s", getenv("BUILD"), machine, name);
    return path;
}

static const char *probe(const char *machine)
{
    static char paths[2][128];
    char *path = paths[machine == machines[1]];

    snprintf(path, sizeof paths[0], "%s/tests/%s/probe.exe", getenv("BUILD"), machine);
    return path;
}

/* A test of this machine is skipped where its programs, or Wine, are missing. */
static void need(const char *machine)
{
    if (access("/usr/lib/wine/wine64", X_OK) != 0)
        skip_because("Wine is not installed");
    if (access(probe(machine), R_OK) != 0)
        skip_because("%s-w64-mingw32-gcc is not installed", machine);
    if (strcmp(machine, "i686") == 0 && access(".cache/wine-i386/version", R_OK) != 0)
        skip_because("Wine's 32-bit part is missing: make deps fetches it");
}

static void need_both(void)
{
    need("i686");
    need("x86_64");
}

/* What a test has started ends with it, also when it fails. */
static struct process started[2];
static int started_count;

static struct process *start(const char *const *argv)
{
    struct process *process = &started[started_count];

    assert_true(started_count < 2);
    process_start(process, &(struct launch){.argv = argv});
    started_count++;
    return process;
}

static int discard_started(void **state)
{
    (void)state;
    while (started_count > 0)
        process_discard(&started[--started_count]);
    return 0;
}

#define START(...) start((const char *[]){"tests/wine/run", __VA_ARGS__, NULL})

/* The exit status; output, for free(), unless that is NULL. */
#define RUN(output, ...) run(output, (const char *[]){"tests/wine/run", __VA_ARGS__, NULL})

static int run(char **output, const char *const *argv)
{
    struct process *process = start(argv);
    int status = process_wait(process);

    *output = strdup(process->text ? process->text : "");
    process_discard(&started[--started_count]);
    return status;
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_message("'%s' is not in:\n%s\n", part, text);
    assert_non_null(strstr(text, part));
}

/* What stands behind `beginning` in the next line that begins so, without the line's end. */
static const char *value_of(struct process *process, const char *beginning)
{
    static char values[4][256];
    static int next;
    char *value = values[next++ % 4];

    snprintf(value, sizeof values[0], "%s",
             process_line_with(process, beginning) + strlen(beginning));
    value[strcspn(value, "\r")] = '\0';
    return value;
}

static void assert_line(struct process *process, const char *beginning, const char *rest)
{
    assert_string_equal(value_of(process, beginning), rest);
}

/* The process of that name in the group, or 0. */
static pid_t find_in_group(pid_t group, const char *name)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    char path[300], line[300];
    pid_t found = 0;

    while (!found && (entry = readdir(folder)) != NULL) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        FILE *file;
        if (pid <= 0 || getpgid(pid) != group)
            continue;
        snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
        file = fopen(path, "r");
        memset(line, 0, sizeof line);
        if (file && fread(line, 1, sizeof line - 1, file) > 0 && strstr(line, name))
            found = pid;
        if (file)
            fclose(file);
    }
    closedir(folder);
    return found;
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Passing ---- */

static void assert_udp_answer(int port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct pollfd ready = {.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
    char answer[8] = "";

    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sendto(ready.fd, "?", 1, 0, (struct sockaddr *)&where, sizeof where);
    assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
    assert_int_equal(recv(ready.fd, answer, sizeof answer - 1, 0), 4);
    assert_string_equal(answer, "udp\n");
    close(ready.fd);
}

static void check_one_server(struct process *process, int tcp, int udp)
{
    char expected[64], *answer;

    assert_line(process, "status ", "1");
    snprintf(expected, sizeof expected, "'web' tcp listener 127.0.0.1:%d", tcp);
    assert_line(process, "socket 0 ", expected);
    snprintf(expected, sizeof expected, "'unknown' udp socket 127.0.0.1:%d", udp);
    assert_line(process, "socket 1 ", expected);
    assert_line(process, "variables ", "");
    process_line_with(process, "ready");
    answer = exchange(connect_port(tcp), "");
    assert_string_equal(answer, "tcp\n");
    free(answer);
    assert_udp_answer(udp);
    assert_line(process, "ended ", "0");
}

static void check_restarts(const char *launcher, const char *server)
{
    struct process *process;
    int tcp, udp;

    need(launcher);
    need(server);
    process = START(program(launcher, "systemfd.exe"), "-s", "web=http::0", "-s", "udp::0", "--",
                    probe(launcher), "respawn", "3", probe(server), "serve");
    tcp = atoi(value_of(process, "~> socket http://127.0.0.1:"));
    udp = atoi(value_of(process, "~> socket 127.0.0.1:"));
    for (int i = 0; i < 3; i++)
        check_one_server(process, tcp, udp);
    assert_int_equal(process_wait(process), 0);
}

static void test_three_restarts_64(void **state)
{
    (void)state;
    check_restarts("x86_64", "x86_64");
}

static void test_three_restarts_32(void **state)
{
    (void)state;
    check_restarts("i686", "i686");
}

static void test_three_restarts_64_to_32(void **state)
{
    (void)state;
    check_restarts("x86_64", "i686");
}

static void test_three_restarts_32_to_64(void **state)
{
    (void)state;
    check_restarts("i686", "x86_64");
}

static void test_passed_on(void **state)
{
    char *output;

    (void)state;
    need_both();
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "-s", "a=0", "--",
                         program("i686", "systemfd.exe"), "-s", "b=udp::0", "--", probe("x86_64")),
                     0);
    assert_contains(output, "(passed on) -> socket #0");
    assert_contains(output, "status 1\r\n");
    assert_contains(output, "socket 0 'a' tcp listener 127.0.0.1:");
    assert_contains(output, "socket 1 'b' udp socket 127.0.0.1:");
    free(output);
}

static void test_no_sockets(void **state)
{
    char *output;

    (void)state;
    need("x86_64");
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "--", probe("x86_64")), 0);
    assert_contains(output, "warning: no sockets created");
    assert_contains(output, "status 0\r\n");
    free(output);
}

static void test_every_host(void **state)
{
    char *output;

    (void)state;
    need("i686");
    assert_int_equal(RUN(&output, program("i686", "systemfd.exe"), "-q", "-s", "*:0", "-s",
                         "tcp6::0", "-s", "[::1]:0", "-s", "0.0.0.0:0", "--", probe("i686")),
                     0);
    assert_contains(output, "socket 0 'unknown' tcp listener [::]:");
    assert_contains(output, "socket 1 'unknown' tcp listener [::1]:");
    assert_contains(output, "socket 2 'unknown' tcp listener [::1]:");
    assert_contains(output, "socket 3 'unknown' tcp listener 0.0.0.0:");
    free(output);
}

/* ---- The command ---- */

static void test_exit_codes(void **state)
{
    static const char *const codes[] = {"0", "7", "255"};
    char *output;

    (void)state;
    need_both();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(RUN(&output, program(machines[i % 2], "systemfd.exe"), "-s", "0", "--",
                             probe("x86_64"), "exit", codes[i]),
                         atoi(codes[i]));
        free(output);
    }
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "--", "no-such-program"), 127);
    assert_contains(output, "systemfd: cannot find the command 'no-such-program'");
    free(output);
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "--", "Makefile"), 126);
    assert_contains(output, "cannot execute 'Makefile': it is not a program of this system");
    free(output);
}

static void test_arguments(void **state)
{
    char *output;

    (void)state;
    need("x86_64");
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "-q", "--", probe("x86_64"),
                         "arguments", "", "a b", "\"", "a\\", "b c\\", "\\\"d\\\\", "-s"),
                     0);
    assert_string_equal(output, "argument ''\r\nargument 'a b'\r\nargument '\"'\r\n"
                                "argument 'a\\'\r\nargument 'b c\\'\r\nargument '\\\"d\\\\'\r\n"
                                "argument '-s'\r\n");
    free(output);
}

/* In PATH, and without its ending: as npm is npm.cmd. What looks like a command in an argument is
 * text. */
static void test_batch_file(void **state)
{
    char *folder, *path, *script, *output, *program_path;
    FILE *file;

    (void)state;
    need("x86_64");
    folder = folder_create();
    program_path = realpath(probe("x86_64"), NULL);
    assert_non_null(program_path);
    assert_true(asprintf(&script, "%s/tool.cmd", folder) > 0 &&
                asprintf(&path, "Z:%s;C:\\windows\\system32", folder) > 0);
    file = fopen(script, "w");
    assert_non_null(file);
    fprintf(file, "@\"Z:%s\" arguments %%*\r\n@exit /b 7\r\n", program_path);
    free(program_path);
    fclose(file);
    setenv("WINEPATH", path, 1);
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "-q", "--", "tool",
                         "x\"&echo injected&rem ", "a b", "", "!x!", "^&|<>"),
                     7);
    unsetenv("WINEPATH");
    assert_string_equal(output, "argument 'x\"&echo injected&rem '\r\nargument 'a b'\r\n"
                                "argument ''\r\nargument '!x!'\r\nargument '^&|<>'\r\n");
    free(output);
    free(path);
    free(script);
    folder_remove(folder);
}

static void test_help_and_version(void **state)
{
    char *output;

    (void)state;
    need("x86_64");
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "--help"), 0);
    assert_contains(output, "TYPE  tcp, tcp6, http, https, udp, udp6\r\n");
    free(output);
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "--version"), 0);
    assert_contains(output, "systemfd 1.");
    free(output);
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "-s", "0"), 2);
    free(output);
}

static void test_no_unix_types(void **state)
{
    static const char *const specs[] = {"unix::/tmp/x", "unix-datagram::x", "unix-seqpacket::@x",
                                        "./x.sock"};
    char *output;

    (void)state;
    need("x86_64");
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        assert_int_equal(
            RUN(&output, program("x86_64", "systemfd.exe"), "-s", specs[i], "--", "cmd"), 2);
        assert_contains(output, "does not exist on Windows");
        free(output);
    }
}

/* Two instances on one port, unless both ask for it. */
static void test_port_in_use(void **state)
{
    struct process *holder;
    char spec[64], *output;
    int port;

    (void)state;
    need("x86_64");
    holder = START(program("x86_64", "systemfd.exe"), "-s", "0", "-s", "udp::0", "--reuse-port",
                   "--", probe("x86_64"), "wait");
    port = atoi(value_of(holder, "~> socket 127.0.0.1:"));
    snprintf(spec, sizeof spec, "%d", port);
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "-s", spec, "--", "cmd"), 1);
    assert_contains(output, "the address is in use");
    free(output);
    snprintf(spec, sizeof spec, "udp::%d", atoi(value_of(holder, "~> socket 127.0.0.1:")));
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "-s", spec, "--", "cmd"), 1);
    assert_contains(output, "the address is in use");
    free(output);
    assert_int_equal(RUN(&output, program("x86_64", "systemfd.exe"), "--reuse-port", "-s", spec,
                         "--", probe("x86_64")),
                     0);
    free(output);
}

/* As a console does it: to every process that shares it. */
static void check_ctrl_c(const char *machine)
{
    struct process *process;

    need(machine);
    process = START(program(machine, "systemfd.exe"), "-s", "0", "--", probe(machine), "wait");
    process_line_with(process, "process ");
    assert_int_equal(kill(-process->pid, SIGINT), 0);
    assert_int_equal(process_wait(process), 40);
}

static void test_ctrl_c(void **state)
{
    (void)state;
    check_ctrl_c("x86_64");
    check_ctrl_c("i686");
}

static void test_killed_with_its_children(void **state)
{
    struct process *process;
    long long deadline = now_ms() + DEADLINE_MS;

    (void)state;
    need("x86_64");
    process = START(program("x86_64", "systemfd.exe"), "-q", "-s", "0", "--", probe("x86_64"),
                    "respawn", "1", probe("x86_64"), "wait");
    process_line_with(process, "process ");
    assert_true(find_in_group(process->pid, "probe.exe") > 0);
    process_signal(process, SIGKILL);
    while (find_in_group(process->pid, "probe.exe") && now_ms() < deadline)
        usleep(20000);
    assert_int_equal(find_in_group(process->pid, "probe.exe"), 0);
}

/* ---- The server and its clients ---- */

struct asked {
    struct process *process;
    int port;
    char secret[64], pid[16];
};

static void start_asked(struct asked *asked, const char *machine)
{
    need(machine);
    asked->process = START(program(machine, "systemfd.exe"), "-s", "0", "-s", "udp::0", "--",
                           probe(machine), "wait");
    asked->port = atoi(value_of(asked->process, "server 127.0.0.1:"));
    snprintf(asked->secret, sizeof asked->secret, "%s", value_of(asked->process, "secret "));
    snprintf(asked->pid, sizeof asked->pid, "%s", value_of(asked->process, "process "));
    assert_int_equal(strlen(asked->secret), 36);
}

/* How many bytes come until the server closes, -1 when it does not in time. A reset is an end:
 * that is what closing means while something is unread. */
static int read_to_end(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char bytes[4096];
    int length = 0;
    ssize_t got;

    do {
        if (poll(&ready, 1, DEADLINE_MS) != 1)
            return -1;
        got = recv(fd, bytes, sizeof bytes, 0);
        length += got > 0 ? (int)got : 0;
    } while (got > 0);
    close(fd);
    return length;
}

static int ask_open(const struct asked *asked, const void *request, size_t size)
{
    int fd = connect_port(asked->port);

    send(fd, request, size, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    return fd;
}

static int ask(const struct asked *asked, const char *request)
{
    return read_to_end(ask_open(asked, request, strlen(request)));
}

static int ask_rightly_open(const struct asked *asked)
{
    char request[sizeof asked->secret + sizeof asked->pid];

    snprintf(request, sizeof request, "%s|%s", asked->secret, asked->pid);
    return ask_open(asked, request, strlen(request));
}

static void assert_still_answers(const struct asked *asked)
{
    long long start = now_ms();

    assert_int_equal(read_to_end(ask_rightly_open(asked)), 2 * INFO_SIZE);
    assert_true(now_ms() - start < 2000);
}

static void check_junk(const char *machine)
{
    static const char *const formats[] = {"",
                                          "|",
                                          "%s",
                                          "%s|",
                                          "%s|0",
                                          "%s|4294967296",
                                          "%s|-1",
                                          "%s|+1",
                                          "%s| 1",
                                          "%s|1x",
                                          "%s|99999999",
                                          "%s|99999999999999999999",
                                          "%s%s",
                                          "%s,%s",
                                          "%s|%s ",
                                          "%s|%s\n",
                                          "%s|%s|",
                                          " %s|%s",
                                          "%.35s|%s",
                                          "%.35sx|%s",
                                          "|%s|%s",
                                          "\n",
                                          "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"};
    static const char junk[100000];
    char request[256];
    struct asked asked;

    start_asked(&asked, machine);
    assert_still_answers(&asked);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
        snprintf(request, sizeof request, formats[i], asked.secret, asked.pid);
#pragma GCC diagnostic pop
        if (ask(&asked, request) != 0)
            print_message("request '%s'\n", request);
        assert_int_equal(ask(&asked, request), 0);
    }
    assert_int_equal(read_to_end(ask_open(&asked, junk, 40)), 0);
    assert_int_equal(read_to_end(ask_open(&asked, junk, sizeof junk)), 0);
    assert_still_answers(&asked);
}

static void test_junk_requests(void **state)
{
    (void)state;
    check_junk("x86_64");
    check_junk("i686");
}

/* One never speaks, one a byte at a time, one never stops; all are gone after the deadline. */
static void test_slow_clients(void **state)
{
    struct asked asked;
    long long start = now_ms();
    int silent, slow, talkative, gone = 0;

    (void)state;
    start_asked(&asked, "x86_64");
    silent = connect_port(asked.port);
    slow = connect_port(asked.port);
    talkative = connect_port(asked.port);
    while (!gone) {
        struct pollfd ready = {.fd = slow, .events = POLLIN};
        send(slow, "0", 1, MSG_NOSIGNAL);
        send(talkative, asked.secret, strlen(asked.secret), MSG_NOSIGNAL | MSG_DONTWAIT);
        assert_still_answers(&asked);
        gone = poll(&ready, 1, 200) == 1;
        assert_true(now_ms() - start < 10000);
    }
    assert_int_equal(read_to_end(slow), 0);
    assert_int_equal(read_to_end(silent), 0);
    assert_int_equal(read_to_end(talkative), 0);
    assert_still_answers(&asked);
}

static void test_hundred_silent_clients(void **state)
{
    struct asked asked;
    int clients[100];

    (void)state;
    start_asked(&asked, "i686");
    for (int i = 0; i < 100; i++)
        clients[i] = connect_port(asked.port);
    assert_still_answers(&asked);
    for (int i = 0; i < 100; i++)
        assert_int_equal(read_to_end(clients[i]), 0);
    assert_still_answers(&asked);
}

static void test_hundred_clients_at_once(void **state)
{
    struct asked asked;
    int clients[100];

    (void)state;
    start_asked(&asked, "x86_64");
    for (int i = 0; i < 100; i++)
        clients[i] = ask_rightly_open(&asked);
    for (int i = 0; i < 100; i++)
        assert_int_equal(read_to_end(clients[i]), 2 * INFO_SIZE);
}

/* ---- Restarts under load ---- */

/* Waits for an answer from another process than `before`, and returns which. */
static long process_that_answers(int port, long before)
{
    long long deadline = now_ms() + DEADLINE_MS;
    long pid = before;

    while (pid == before && now_ms() < deadline) {
        char *answer = exchange(connect_port(port), "GET / HTTP/1.1\r\n\r\n");
        const char *who = strstr(answer, "hello from process ");
        assert_non_null(who);
        pid = strtol(who + strlen("hello from process "), NULL, 10);
        free(answer);
    }
    assert_int_not_equal(pid, before);
    return pid;
}

static void check_load(const char *launcher, const char *server)
{
    struct process *process, *load;
    char port[16], path[128];
    int control;
    long pid;

    need_both();
    process = START(program(launcher, "systemfd.exe"), "-s", "http::0", "--", probe(launcher),
                    "respawn", "4", program(server, "examples/hello.exe"));
    snprintf(port, sizeof port, "%d", atoi(value_of(process, "~> socket http://127.0.0.1:")));
    control = atoi(value_of(process, "control "));
    pid = process_that_answers(atoi(port), 0);
    snprintf(path, sizeof path, "%s/tests/load/load", getenv("BUILD"));
    load = start((const char *[]){path, "4", port, NULL});
    process_line_with(load, "started");
    for (int i = 0; i < 3; i++) {
        close(connect_port(control));
        assert_line(process, "ended ", "0");
        pid = process_that_answers(atoi(port), pid);
    }
    process_signal(load, SIGTERM);
    if (process_wait(load) != 0)
        fail_msg("%s", load->text);
    assert_non_null(strstr(load->text, " 0 refused, 0 reset, 0 lost"));
    close(connect_port(control));
    assert_int_equal(process_wait(process), 0);
}

static void test_restarts_under_load(void **state)
{
    (void)state;
    check_load("x86_64", "x86_64");
}

static void test_restarts_under_load_across(void **state)
{
    (void)state;
    check_load("x86_64", "i686");
}

/* ---- The library as it is installed ---- */

static void check_installed(const char *machine)
{
    char *folder, *program_path, *output;

    need(machine);
    folder = folder_create();
    program_path = path_in(folder, "bin/hello.exe");
    free(shell("make -s CC=%s-w64-mingw32-gcc BUILD=%s/%s-w64-mingw32 CFLAGS='-O2 -g' install "
               "DESTDIR=%s PREFIX=",
               machine, getenv("BUILD"), machine, folder));
    free(shell("%s-w64-mingw32-gcc -I%s/include -o %s examples/hello.c -L%s/lib -llistenfd "
               "-lws2_32",
               machine, folder, program_path, folder));
    free(shell("tests/lint/exports.sh %s/bin/liblistenfd-*.dll", folder));
    assert_int_equal(RUN(&output, program_path, "nonsense"), 1);
    assert_contains(output, "hello: 'nonsense' is not an address");
    free(output);
    free(program_path);
    folder_remove(folder);
}

static void test_dll(void **state)
{
    (void)state;
    check_installed("x86_64");
    check_installed("i686");
}

/* The suites that are programs of Windows are not even built without cmocka for it: this
 * test is where that is seen. */
static void test_windows_suites_are_built(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *path;
        int built;
        need(machines[i]);
        assert_true(asprintf(&path, "%s/tests/%s/take.exe", getenv("BUILD"), machines[i]) > 0);
        built = access(path, R_OK) == 0;
        free(path);
        if (!built)
            skip_because("cmocka for %s-w64-mingw32 is missing: make deps fetches it", machines[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_three_restarts_64, discard_started),
        cmocka_unit_test_teardown(test_three_restarts_32, discard_started),
        cmocka_unit_test_teardown(test_three_restarts_64_to_32, discard_started),
        cmocka_unit_test_teardown(test_three_restarts_32_to_64, discard_started),
        cmocka_unit_test_teardown(test_passed_on, discard_started),
        cmocka_unit_test_teardown(test_no_sockets, discard_started),
        cmocka_unit_test_teardown(test_every_host, discard_started),
        cmocka_unit_test_teardown(test_exit_codes, discard_started),
        cmocka_unit_test_teardown(test_arguments, discard_started),
        cmocka_unit_test_teardown(test_batch_file, discard_started),
        cmocka_unit_test_teardown(test_help_and_version, discard_started),
        cmocka_unit_test_teardown(test_no_unix_types, discard_started),
        cmocka_unit_test_teardown(test_port_in_use, discard_started),
        cmocka_unit_test_teardown(test_ctrl_c, discard_started),
        cmocka_unit_test_teardown(test_killed_with_its_children, discard_started),
        cmocka_unit_test_teardown(test_junk_requests, discard_started),
        cmocka_unit_test_teardown(test_slow_clients, discard_started),
        cmocka_unit_test_teardown(test_hundred_silent_clients, discard_started),
        cmocka_unit_test_teardown(test_hundred_clients_at_once, discard_started),
        cmocka_unit_test_teardown(test_restarts_under_load, discard_started),
        cmocka_unit_test_teardown(test_restarts_under_load_across, discard_started),
        cmocka_unit_test_teardown(test_dll, discard_started),
        cmocka_unit_test(test_windows_suites_are_built),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
