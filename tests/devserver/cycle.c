/* SPDX-License-Identifier: MIT
 * The cycle: edit, build, start the new server, stop the old one. With a real compiler and the
 * server of examples/hello.c, whose greeting is edited. Where only the order of events matters,
 * with tests/support/server.c, which needs no build. */
#include "devserver.h"
#include "folder.h"

#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- A project in C ---- */

static char *hello_source;

static int read_sources(void **state)
{
    hello_source = shell("cat examples/hello.c");
    return find_programs_and_orphans(state);
}

/* Writes server.c, with that greeting in place of "hello from process". */
static void edit(const char *greeting)
{
    static const char usual[] = "hello from process";
    const char *place = strstr(hello_source, usual);
    char *source;

    assert_non_null(place);
    assert_true(asprintf(&source, "%.*s%s%s", (int)(place - hello_source), hello_source, greeting,
                         place + strlen(usual)) > 0);
    put("server.c", source);
    free(source);
}

static void create_c_project(const char *greeting)
{
    free(shell("cp listenfd.h listenfd.c '%s'", project));
    put("Makefile", "server: server.o listenfd.o\n\t$(CC) -o $@ server.o listenfd.o\n"
                    "server.o listenfd.o: listenfd.h\n");
    edit(greeting);
}

#define BUILD_COMMAND "echo build >>../builds; make -s"
#define START_C_PROJECT(...)                                                              \
    START("-s", "http::0", "--watch", ".", "--build", BUILD_COMMAND, ##__VA_ARGS__, "--", \
          "./server")

static size_t builds(void)
{
    return lines_of("../builds");
}

/* ---- Edit, build, start ---- */

static void test_edit(void **state)
{
    pid_t first, second;

    (void)state;
    create_c_project("one");
    START_C_PROJECT();
    expect("~> built in ");
    first = expect_ready(1);
    assert_answers(ports[0], "one");
    edit("two");
    expect("~> changed: server.c");
    expect("~> built in ");
    second = expect_ready(2);
    assert_int_not_equal(first, second);
    WAIT_UNTIL(members_of(first) == 0);
    assert_answers(ports[0], "two");
    assert_int_equal(builds(), 2);
}

static void test_failing_build(void **state)
{
    (void)state;
    create_c_project("one");
    START_C_PROJECT();
    expect_ready(1);
    edit("\" + nonsense + \"");
    expect("server.c:"); /* the compiler's message */
    expect("~> the build failed after ");
    assert_non_null(strstr(systemfd.text, "nonsense"));
    assert_non_null(strstr(systemfd.text, "exit status 2; the old server stays\n"));
    for (int i = 0; i < 10; i++)
        assert_answers(ports[0], "one");
    edit("three");
    expect_ready(2);
    WAIT_UNTIL(answers(ports[0], "three"));
    assert_int_equal(builds(), 3);
}

static void test_first_build_fails(void **state)
{
    (void)state;
    create_c_project("\" + nonsense + \"");
    START_C_PROJECT();
    expect("~> the build failed after ");
    assert_non_null(strstr(systemfd.text, "exit status 2; waiting for a change\n"));
    edit("one");
    expect_ready(1);
    assert_answers(ports[0], "one");
    assert_int_equal(builds(), 2);
}

/* The output of a build appears as it comes, not only at the end. */
static void test_build_output_is_not_held_back(void **state)
{
    (void)state;
    in_project("mkfifo ../go");
    START("-s", "http::0", "--watch", ".", "--build", "echo begins; cat ../go", "--", "server");
    expect("begins");
    in_project("echo went >../go");
    expect("went");
    expect_ready(1);
}

/* If standard output and error go to the same place, as on a terminal, everything appears in the
 * order in which it was written: a compiler's errors below the command that make printed. */
static void test_build_output_keeps_its_order(void **state)
{
    char expected[16];

    (void)state;
    START("-s", "http::0", "--watch", ".", "--build",
          "for i in $(seq 100); do echo $i; echo $i! >&2; done", "--", "server");
    for (int i = 1; i <= 100; i++) {
        snprintf(expected, sizeof expected, "%d", i);
        assert_string_equal(process_line(&systemfd), expected);
        strcat(expected, "!");
        assert_string_equal(process_line(&systemfd), expected);
    }
    expect_ready(1);
}

static void test_report_begins_a_line(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--build", "printf 'no end'; false", "--", "server");
    assert_string_equal(process_line(&systemfd), "no end");
    assert_int_equal(strncmp(process_line(&systemfd), "~> the build failed", 19), 0);
}

/* ---- Servers that are not ready ---- */

static void test_server_dies_before_it_is_ready(void **state)
{
    (void)state;
    create_c_project("one");
    START_C_PROJECT("--settle=500");
    expect_ready(1);
    put("server.c", "#include <stdio.h>\nint main(void) { puts(\"no config\"); return 3; }\n");
    expect("no config");
    expect("~> server 2 died before it was ready: exit status 3; the old server stays");
    for (int i = 0; i < 10; i++)
        assert_answers(ports[0], "one");
    assert_int_equal(count_lines("~> starting it again"), 0);
    edit("three");
    expect_ready(3);
    WAIT_UNTIL(answers(ports[0], "three"));
}

static void test_server_is_not_there_yet(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--", "./late", "ready");
    expect("systemfd: cannot find the command './late'");
    expect("~> server 1 died before it was ready: exit status 127; waiting for a change");
    in_project("cp $(command -v server) ../new && mv ../new late"); /* whole at once */
    expect_ready(2);
    assert_answers(ports[0], "hello");
}

static long settled_after(unsigned generation)
{
    char format[64];
    const char *line;
    double took;

    snprintf(format, sizeof format, "~> server %u is ready after ", generation);
    line = expect(format) + strlen(format);
    took = atof(line);
    return (long)(strstr(line, " ms ") ? took : took * 1000);
}

static void test_settle(void **state)
{
    static const struct {
        const char *option;
        long least;
    } rows[] = {{"--settle=700", 700}, {"--settle=0", 0}, {"--settle=100", 100}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        START("-s", "http::0", "--restart-on-hup", rows[i].option, "--", "server");
        assert_true(settled_after(1) >= rows[i].least);
        assert_answers(ports[0], "hello");
        process_discard(&systemfd);
    }
}

/* Waits until a "late" server runs that has not said READY=1 yet. */
static void expect_waits(void)
{
    while (!strstr(expect("server "), " waits")) {
    }
}

/* The first server has said READY=1, so the second one is not ready before it says so, too. */
static void test_ready_by_notify_socket(void **state)
{
    pid_t old;

    (void)state;
    in_project("touch ../ready; echo one >text");
    START("-s", "http::0", "--restart-on-hup", "--", "server", "late");
    old = expect_ready(1);
    assert_answers(ports[0], "one");

    in_project("rm ../ready && echo two >text");
    process_signal(&systemfd, SIGHUP);
    expect("~> restarting: SIGHUP");
    expect_waits();
    for (int i = 0; i < 10; i++)
        assert_answers(ports[0], "one");
    assert_int_equal(members_of(old), 1);
    assert_int_equal(count_lines("~> server 2 is ready"), 0);

    in_project("touch ../ready");
    expect_ready(2);
    WAIT_UNTIL(members_of(old) == 0);
    assert_answers(ports[0], "two");
}

/* The abstract address "@..." of that server's NOTIFY_SOCKET. */
static char *notify_socket_of(pid_t server)
{
    return shell("tr '\\0' '\\n' </proc/%ld/environ | sed -n 's/^NOTIFY_SOCKET=//p' | tr -d '\\n'",
                 (long)server);
}

/* Sends READY=1 as the user nobody. Exits with 0 when that was read. */
static void say_ready_as_nobody(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), unread = 1;

    alarm(DEADLINE_MS / 1000);
    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    if (setresuid(65534, 65534, 65534) < 0 ||
        sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&address, size) != 7)
        _exit(1);
    while (ioctl(fd, SIOCOUTQ, &unread) == 0 && unread > 0)
        poll(NULL, 0, 1);
    _exit(unread);
}

static void test_ready_is_not_said_by_other_users(void **state)
{
    int status;
    long server;
    char *name;
    pid_t nobody;

    (void)state;
    if (geteuid() != 0)
        skip_because("only root can become another user");
    in_project("touch ../ready");
    START("-s", "http::0", "--restart-on-hup", "--", "server", "late");
    expect_ready(1);
    in_project("rm ../ready");
    process_signal(&systemfd, SIGHUP);
    expect("~> restarting: SIGHUP");
    assert_int_equal(sscanf(expect("server "), "server %ld begins", &server), 1);
    name = notify_socket_of((pid_t)server);
    assert_int_equal(strspn(name, "@0123456789abcdef"), 6); /* the kernel chose it (autobind) */
    assert_int_equal(strlen(name), 6);
    nobody = fork();
    if (nobody == 0)
        say_ready_as_nobody(name);
    assert_int_equal(waitpid(nobody, &status, 0), nobody);
    assert_int_equal(status, 0);
    process_signal(&systemfd, SIGHUP);
    expect("~> restarting: SIGHUP");
    assert_int_equal(count_lines("~> server 2 is ready"), 0);
    in_project("touch ../ready");
    expect_ready(3);
    free(name);
}

/* The next server is waited for, too, if the first one said READY=1 only after it had settled. */
static void test_ready_is_learnt_late(void **state)
{
    (void)state;
    in_project("mkfifo ../go");
    START("-s", "http::0", "--restart-on-hup", "--settle", "0", "--", "sh", "-c",
          "cat ../go; exec server late");
    expect("~> server 1 is ready");
    in_project("touch ../ready; echo went >../go");
    expect_waits();
    WAIT_UNTIL(answers(ports[0], "hello"));
    in_project("rm ../ready");
    process_signal(&systemfd, SIGHUP);
    in_project("echo went >../go");
    expect_waits();
    assert_int_equal(count_lines("~> server 2 is ready"), 0);
    in_project("touch ../ready");
    expect_ready(2);
}

/* A restart while the new server is not ready yet: that one is stopped, and the old server, which
 * serves, stays until another is ready. */
static void test_restart_of_the_unready(void **state)
{
    pid_t old;

    (void)state;
    in_project("touch ../ready; echo one >text");
    START("-s", "http::0", "--restart-on-hup", "--", "server", "late");
    old = expect_ready(1);
    in_project("rm ../ready; echo two >text");
    for (int i = 0; i < 3; i++) {
        process_signal(&systemfd, SIGHUP);
        expect("~> restarting: SIGHUP");
        expect_waits();
        assert_answers(ports[0], "one");
    }
    WAIT_UNTIL(children_of(systemfd.pid) == 2);
    assert_int_equal(members_of(old), 1);
    in_project("touch ../ready");
    expect_ready(4);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    assert_answers(ports[0], "two");
}

/* ---- Changes during a build: see changes.c, too ---- */

#define SLOW_BUILD "echo begins; test -e ../slow && exec sleep 1000; make -s"

static void test_change_ends_build(void **state)
{
    (void)state;
    create_c_project("one");
    START("-s", "http::0", "--watch", ".", "--restart-build", "--build", SLOW_BUILD, "--",
          "./server");
    expect_ready(1);
    in_project("touch ../slow");
    edit("two");
    expect("begins");
    WAIT_UNTIL(children_of(systemfd.pid) == 2);
    in_project("rm ../slow");
    edit("three");
    expect("begins");
    expect("~> built in ");
    expect_ready(2);
    WAIT_UNTIL(answers(ports[0], "three"));
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    assert_int_equal(count_lines("~> the build failed"), 0);
    assert_int_equal(count_lines("begins"), 3);
}

/* A file is saved during several builds in a row. */
static void test_changes_end_builds(void **state)
{
    (void)state;
    create_c_project("one");
    START("-s", "http::0", "--watch", ".", "--restart-build", "--build", SLOW_BUILD, "--",
          "./server");
    expect_ready(1);
    in_project("touch ../slow");
    edit("two");
    expect("begins");
    edit("three");
    expect("begins");
    in_project("rm ../slow");
    edit("four");
    expect("begins");
    expect_ready(2);
    WAIT_UNTIL(answers(ports[0], "four"));
}

/* A build that ignores TERM is killed. */
static void test_build_that_ignores_term(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--restart-build", "--build",
          "trap '' TERM; echo begins; test -e ../slow && sleep 1000; true", "--", "server");
    expect("begins");
    expect_ready(1);
    in_project("touch ../slow file");
    expect("begins");
    in_project("rm ../slow; echo changed >file");
    expect("begins");
    expect_ready(2);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
}

/* After SIGHUP, as after a change, the build runs to its end, or is ended with --restart-build. */
static void test_hup_during_build(void **state)
{
    (void)state;
    in_project("mkfifo ../go");
    START("-s", "http::0", "--build", "echo begins; read word <../go; echo $word", "--", "server");
    expect("begins");
    process_signal(&systemfd, SIGHUP);
    expect("~> restarting: SIGHUP, when the build has ended");
    in_project("echo one >../go");
    expect("one");
    expect("begins");
    in_project("echo two >../go");
    expect("two");
    expect_ready(1);
    assert_answers(ports[0], "hello");
    process_discard(&systemfd);

    START("-s", "http::0", "--restart-build", "--build", "echo begins; read word <../go", "--",
          "server");
    expect("begins");
    process_signal(&systemfd, SIGHUP);
    expect("~> restarting: SIGHUP");
    expect("begins");
}

/* ---- Stopping the old one ---- */

/* What a server prints next, without its process ID: "begins", "ends: TERM" ... */
static const char *next_event(void)
{
    const char *line = expect("server ");

    return strchr(line + strlen("server "), ' ') + 1;
}

static void assert_event(const char *beginning)
{
    const char *event = next_event();

    if (strncmp(event, beginning, strlen(beginning)) != 0)
        print_message("expected '%s': %s\n", beginning, event);
    assert_int_equal(strncmp(event, beginning, strlen(beginning)), 0);
}

static void test_start_then_stop(void **state)
{
    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--", "server", "ready");
    assert_event("begins");
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    assert_event("begins");
    assert_event("ends: TERM");
}

static void test_stop_first(void **state)
{
    int waiting;
    char *answer;

    (void)state;
    put("text", "one");
    in_project("touch ../ready");
    START("-s", "http::0", "--restart-on-hup", "--stop-first", "--", "server", "late");
    assert_event("begins");
    assert_event("waits");
    expect_ready(1);
    in_project("rm ../ready; echo two >text");
    process_signal(&systemfd, SIGHUP);
    assert_event("ends: TERM");
    assert_event("begins");
    assert_int_equal(children_of(systemfd.pid), 1);
    waiting = begin_request(ports[0], "/"); /* it waits in the queue, and is not lost */
    in_project("touch ../ready");
    expect_ready(2);
    answer = finish_request(waiting);
    assert_non_null(strstr(answer, "\r\n\r\ntwo "));
    free(answer);
}

static void test_stop_signal(void **state)
{
    static const struct {
        const char *option, *event;
    } rows[] = {
        {"--stop-signal=INT", "ends: INT"},
        {"--stop-signal=SIGUSR1", "ends: USR1"},
        {"--stop-signal=usr1", "ends: USR1"},
        {"--stop-signal=1", "ends: HUP"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        START("-s", "http::0", "--restart-on-hup", rows[i].option, "--", "server", "ready");
        assert_event("begins");
        expect_ready(1);
        process_signal(&systemfd, SIGHUP);
        assert_event("begins");
        assert_event(rows[i].event);
        process_discard(&systemfd);
    }
}

/* Waiting for a build and for an old server that does not end uses no processor time: at most
 * 200 ms in 2 s. */
static void test_waiting_is_idle(void **state)
{
    long before;
    pid_t old;

    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--stop-timeout=1", "--build", "sleep 1", "--",
          "server", "deaf", "ready");
    old = expect_ready(1);
    before = processor_time_ms(systemfd.pid);
    process_signal(&systemfd, SIGHUP);
    expect_ready(2);
    WAIT_UNTIL(members_of(old) == 0);
    assert_in_range(processor_time_ms(systemfd.pid) - before, 0, 200);
}

/* ---- What each server gets ---- */

static int have_pidfs(void)
{
    char *status = shell("uname -r");
    int major = 0, minor = 0;

    sscanf(status, "%d.%d", &major, &minor);
    free(status);
    return major > 6 || (major == 6 && minor >= 9);
}

/* LISTEN_PID and LISTEN_PIDFDID name each new process. The server insists on it, as libsystemd
 * does. */
static void test_pid_of_each_generation(void **state)
{
    char expected[96], number[16];
    const char *line;

    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--build", "true", "--", "server", "strict");
    for (unsigned generation = 1; generation <= 3; generation++) {
        do
            line = expect("server ");
        while (!strstr(line, " begins: ")); /* the old server ends meanwhile */
        assert_int_equal(sscanf(line, "server %15s", number), 1);
        snprintf(expected, sizeof expected, "server %s begins: LISTEN_PID %s LISTEN_PIDFDID ",
                 number, number);
        assert_int_equal(strncmp(line, expected, strlen(expected)), 0);
        if (have_pidfs())
            assert_true(strtoull(line + strlen(expected), NULL, 10) > 0);
        assert_int_equal(expect_ready(generation), atol(number));
        process_signal(&systemfd, SIGHUP);
    }
}

static void test_no_pid(void **state)
{
    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--no-pid", "--", "sh", "-c", "server; true");
    expect("server ");
    assert_non_null(strstr(systemfd.text, "begins: LISTEN_PID unset LISTEN_PIDFDID unset"));
    expect_ready(1);
    assert_answers(ports[0], "hello");
    process_discard(&systemfd);

    START("-s", "http::0", "--restart-on-hup", "--settle=60000", "--", "sh", "-c",
          "server; exit $?");
    expect("~> server 1 died before it was ready: exit status 5");
    assert_non_null(strstr(systemfd.text, "but this process is"));
}

/* Only the server gets the sockets, neither a build nor what it leaves running. */
static void test_build_gets_no_sockets(void **state)
{
    (void)state;
    START("-s", "http::0", "-s", "http::0", "--restart-on-hup", "--build",
          "echo variables $(env | grep -c LISTEN_), sockets $(ls -l /proc/self/fd | grep -c "
          "socket:), descriptors $(ls /proc/self/fd | tr '\\n' ' ')",
          "--", "server");
    assert_string_equal(expect("variables "),
                        "variables 0, sockets 0, descriptors 0 1 2 3"); /* 3 is that of ls */
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    assert_string_equal(expect("variables "), "variables 0, sockets 0, descriptors 0 1 2 3");
}

static int has_descriptors(pid_t pid, const char *expected)
{
    char *descriptors = shell("ls /proc/%ld/fd | tr '\\n' ' '", (long)pid);
    int equal = strcmp(descriptors, expected) == 0;

    free(descriptors);
    return equal;
}

/* That line of /proc/PID/status for this process, as "SigIgn:\t...". make and shells may leave
 * signals ignored, which children inherit. */
static char *own_signals(const char *name)
{
    return shell("grep %s /proc/self/status | tr -d '\\n'", name);
}

/* A server has only its own descriptors, and signals ignored and blocked as we have. */
static void test_server_gets_nothing_else(void **state)
{
    char *blocked = own_signals("SigBlk"), *ignored = own_signals("SigIgn");

    (void)state;
    START("-s", "http::0", "-s", "http::0", "--restart-on-hup", "--build", "true", "--", "sh", "-c",
          "grep -E 'Sig(Blk|Ign)' /proc/self/status; exec server ready");
    for (unsigned generation = 1; generation <= 3; generation++) {
        pid_t server;
        assert_string_equal(expect("SigBlk:"), blocked);
        assert_string_equal(expect("SigIgn:"), ignored);
        server = expect_ready(generation);
        WAIT_UNTIL(has_descriptors(server, "0 1 2 3 4 ")); /* once that for READY=1 is closed */
        process_signal(&systemfd, SIGHUP);
    }
    free(blocked);
    free(ignored);
}

/* ---- Restarts without a build, without watching ---- */

static void test_server_that_writes_at_its_start(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--", "sh", "-c",
          "mkdir -p data; date +%s%N >data/at; exec sleep 1000");
    expect("~> hint: data/at changes soon after each start; the next one waits 1 s; if the server "
           "writes it: --ignore 'at'");
    assert_in_range(count_lines("~> changed: "), 4, 5);
    expect("~> hint: data/at changes soon after each start; the next one waits 2 s;");
    process_discard(&systemfd);
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--ignore", "at", "--", "sh", "-c",
          "date +%s%N >data/at; echo 1 >../written; exec sleep 1000");
    WAIT_UNTIL(lines_of("../written") == 1);
    put("file", "1\n");
    expect("~> changed: file");
    assert_int_equal(count_lines("~> changed: "), 1);
}

static void test_no_build(void **state)
{
    (void)state;
    put("text", "one");
    START("-s", "http::0", "--watch", "text", "--", "server");
    expect_ready(1);
    assert_answers(ports[0], "one");
    put("text", "two");
    expect("~> changed: text");
    expect_ready(2);
    WAIT_UNTIL(answers(ports[0], "two"));
    assert_int_equal(count_lines("~> built"), 0);
}

static void test_hup(void **state)
{
    static const char *const ways[][2] = {{"--watch=.", "--delay=1000"},
                                          {"--restart-on-hup", "--color=never"},
                                          {"--build=true", "--color=never"}};

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        put("text", "one");
        START("-s", "http::0", ways[i][0], ways[i][1], "--settle", "0", "--", "server");
        expect_ready(1);
        WAIT_UNTIL(answers(ports[0], "one"));
        in_project("echo two >../text; mkdir -p .git; mv ../text .git/; cp -p .git/text text");
        process_signal(&systemfd, SIGHUP);
        expect("~> restarting: SIGHUP");
        expect_ready(2);
        WAIT_UNTIL(answers(ports[0], "two"));
        process_discard(&systemfd);
    }
}

/* Signals that come while systemfd is stopped are one restart. */
static void test_many_hups_are_one(void **state)
{
    (void)state;
    START("-s", "http::0", "--restart-on-hup", "--settle", "0", "--", "server");
    expect_ready(1);
    process_signal(&systemfd, SIGSTOP);
    for (int i = 0; i < 10; i++)
        process_signal(&systemfd, SIGHUP);
    process_signal(&systemfd, SIGCONT);
    expect("~> restarting: SIGHUP");
    expect_ready(2);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    assert_int_equal(count_lines("~> restarting"), 1);
}

/* What was saved before is part of that restart. */
static void test_change_before_hup(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--settle", "0", "--", "sleep", "1000");
    expect_ready(1);
    process_signal(&systemfd, SIGSTOP);
    put("text", "one");
    process_signal(&systemfd, SIGHUP);
    process_signal(&systemfd, SIGCONT);
    expect_ready(2);
    put("note", "");
    assert_string_equal(expect("~> changed: "), "~> changed: note");
}

/* ---- --exit-on-failure ---- */

static void test_exit_on_failure(void **state)
{
    static const struct {
        const char *path;
        int status;
    } rows[] = {{"/exit/7", 7}, {"/segv", 128 + SIGSEGV}, {"/abort", 128 + SIGABRT}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        START("-s", "http::0", "-s", "unix::sock", "--watch", ".", "--exit-on-failure", "--",
              "server");
        expect_ready(1);
        free(ask(ports[0], rows[i].path));
        assert_exits(rows[i].status);
        assert_int_equal(count_lines("~> server 1 crashed: "), 1);
        in_project("test ! -e sock");
        process_discard(&systemfd);
    }
}

static void test_exit_on_failure_at_the_start(void **state)
{
    (void)state;
    put("text", "broken");
    START("-s", "http::0", "--watch", ".", "--exit-on-failure", "--", "server");
    assert_exits(3);
    process_discard(&systemfd);
    START("-s", "http::0", "--watch", ".", "--exit-on-failure", "--", "./nosuch");
    assert_exits(127);
    process_discard(&systemfd);
    START("-s", "http::0", "--watch", ".", "--exit-on-failure", "--build", "exit 42", "--",
          "server");
    expect("~> the build failed after ");
    assert_exits(42);
}

/* A new server that fails while the old one serves is no reason to exit, nor is a server that ends
 * by itself with status 0. */
static void test_no_failure_to_exit_on(void **state)
{
    (void)state;
    put("text", "one");
    START("-s", "http::0", "--watch", ".", "--exit-on-failure", "--", "server", "ready");
    expect_ready(1);
    put("text", "broken");
    expect("~> server 2 died before it was ready: exit status 3; the old server stays");
    assert_answers(ports[0], "one");
    free(ask(ports[0], "/exit/0"));
    expect("~> server 1 ended by itself; waiting for a change");
    put("text", "three");
    expect_ready(3);
    assert_answers(ports[0], "three");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_edit),
        TEST(test_failing_build),
        TEST(test_first_build_fails),
        TEST(test_build_output_is_not_held_back),
        TEST(test_build_output_keeps_its_order),
        TEST(test_report_begins_a_line),
        TEST(test_server_dies_before_it_is_ready),
        TEST(test_server_is_not_there_yet),
        TEST(test_settle),
        TEST(test_ready_by_notify_socket),
        TEST(test_ready_is_not_said_by_other_users),
        TEST(test_ready_is_learnt_late),
        TEST(test_restart_of_the_unready),
        TEST(test_change_ends_build),
        TEST(test_changes_end_builds),
        TEST(test_build_that_ignores_term),
        TEST(test_hup_during_build),
        TEST(test_start_then_stop),
        TEST(test_stop_first),
        TEST(test_stop_signal),
        TEST(test_waiting_is_idle),
        TEST(test_pid_of_each_generation),
        TEST(test_no_pid),
        TEST(test_build_gets_no_sockets),
        TEST(test_server_gets_nothing_else),
        TEST(test_server_that_writes_at_its_start),
        TEST(test_no_build),
        TEST(test_hup),
        TEST(test_change_before_hup),
        TEST(test_many_hups_are_one),
        TEST(test_exit_on_failure),
        TEST(test_exit_on_failure_at_the_start),
        TEST(test_no_failure_to_exit_on),
    };

    return cmocka_run_group_tests(tests, read_sources, NULL);
}
