/* SPDX-License-Identifier: MIT
 * The protocol as a started program sees it: sockets at 3, 4, 5, and every environment that
 * launchers, shells and users have been seen to produce. */
#include "folder.h"
#include "passed.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static char *probe;

/* The rest of the probe's next line, which begins so. */
static void expect_line(struct process *process, const char *beginning, const char *rest)
{
    const char *line = process_line(process);

    assert_non_null(line);
    if (strncmp(line, beginning, strlen(beginning)) != 0 || !strstr(line, rest))
        fail_msg("'%s' '%s' was expected in: %s", beginning, rest, line);
}

static void open_listeners(int *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sockets[i] = internet_socket(SOCK_STREAM, "127.0.0.1");
}

static void close_all(const int *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(sockets[i]);
}

/* ---- Environments, with three sockets at 3, 4 and 5 ---- */

struct sight {
    const char *variables[6];
    int status;
    const char *message; /* a part of it */
};

static void expect_sockets(struct process *process, size_t count)
{
    char number[32];

    for (size_t i = 0; i < count; i++) {
        snprintf(number, sizeof number, "socket %zu fd %zu ", i, 3 + i);
        expect_line(process, number, " cloexec tcp listener 127.0.0.1:");
    }
}

static void check_sight(const struct sight *row)
{
    const char *argv[] = {probe, NULL};
    struct process process;
    int sockets[3];

    open_listeners(sockets, 3);
    process_start(&process, &(struct launch){.argv = argv,
                                             .environ_ = row->variables,
                                             .descriptors = sockets,
                                             .count = 3});
    close_all(sockets, 3);
    if (atoi(process_line_with(&process, "status ") + strlen("status ")) != row->status)
        fail_msg("%s, expected status %d: %s", row->variables[0], row->status, process.text);
    expect_line(&process, "message ", row->message);
    expect_line(&process, "variables none", "");
    expect_sockets(&process, row->status == LISTENFD_PASSED ? 3 : 0);
    expect_line(&process, row->status == LISTENFD_PASSED ? "others none" : "others 3 4 5", "");
    expect_line(&process, "ready", "");
    assert_int_equal(process_wait(&process), 0);
    process_discard(&process);
}

static void check_sights(const struct sight *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_sight(&rows[i]);
}

#define CHECK_ALL(rows) check_sights(rows, sizeof(rows) / sizeof(rows)[0])

static void test_passed(void **state)
{
    static const struct sight rows[] = {
        {{"LISTEN_FDS=3", "LISTEN_PID=$PID"}, LISTENFD_PASSED, ""},
        {{"LISTEN_FDS=3"}, LISTENFD_PASSED, ""},                /* watchexec, --no-pid */
        {{"LISTEN_FDS=3", "LISTEN_PID="}, LISTENFD_PASSED, ""}, /* emptied by a wrapper */
        {{"LISTEN_FDS=3", "LISTEN_FDS_FIRST_FD=3", "LISTEN_PID=$PID"}, LISTENFD_PASSED, ""},
        {{"LISTEN_FDS=3", "LISTEN_FDNAMES=a::c", "LISTEN_PID=$PID"}, LISTENFD_PASSED, ""},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void test_nothing_passed(void **state)
{
    static const struct sight rows[] = {
        {{NULL}, LISTENFD_NONE, "LISTEN_FDS is not set"},
        {{"LISTEN_FDS=0", "LISTEN_PID=$PID"}, LISTENFD_NONE, "LISTEN_FDS is 0"},
        {{"LISTEN_PID=$PID", "LISTEN_FDNAMES=web"}, LISTENFD_NONE, "LISTEN_FDS is not set"},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void test_for_another_process(void **state)
{
    static const struct sight rows[] = {
        {{"LISTEN_FDS=3", "LISTEN_PID=1"}, LISTENFD_OTHER_PROCESS, "LISTEN_PID is 1 but"},
        {{"LISTEN_FDS=3", "LISTEN_PID=$PID0"}, LISTENFD_OTHER_PROCESS, "but this process is"},
        {{"LISTEN_FDS=bad", "LISTEN_PID=1"}, LISTENFD_OTHER_PROCESS, "LISTEN_PID is 1 but"},
    };

    (void)state;
    CHECK_ALL(rows);
}

/* Whoever uses atoi or strtol takes these for 3, or for the own process. */
static void test_numbers_that_are_none(void **state)
{
    static const struct sight rows[] = {
        {{"LISTEN_FDS=3x"}, LISTENFD_EFDS, "'3x'"},
        {{"LISTEN_FDS= 3"}, LISTENFD_EFDS, "' 3'"},
        {{"LISTEN_FDS=3 "}, LISTENFD_EFDS, "'3 '"},
        {{"LISTEN_FDS=+3"}, LISTENFD_EFDS, "'+3'"},
        {{"LISTEN_FDS=-3"}, LISTENFD_EFDS, "'-3'"},
        {{"LISTEN_FDS="}, LISTENFD_EFDS, "''"},
        {{"LISTEN_FDS=4294967299"}, LISTENFD_EFDS, "4294967299"},
        {{"LISTEN_FDS=18446744073709551619"}, LISTENFD_EFDS, "18446744073709551619"},
        {{"LISTEN_FDS=3", "LISTEN_PID=$PID "}, LISTENFD_EPID, "LISTEN_PID is '"},
        {{"LISTEN_FDS=3", "LISTEN_PID=+$PID"}, LISTENFD_EPID, "LISTEN_PID is '"},
        {{"LISTEN_FDS=3", "LISTEN_PID=parent:1"}, LISTENFD_EPID, "'parent:1'"},
        {{"LISTEN_FDS=3", "LISTEN_FDS_FIRST_FD=3,"}, LISTENFD_EFIRSTFD, "'3,'"},
        {{"LISTEN_FDS=3", "LISTEN_FDS_FIRST_FD=4294967299"}, LISTENFD_EFIRSTFD, "4294967299"},
        {{"LISTEN_FDS=3", "LISTEN_PIDFDID=x"}, LISTENFD_EPIDFDID, "'x'"},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void test_counts_and_names_that_lie(void **state)
{
    static const struct sight rows[] = {
        {{"LISTEN_FDS=4"}, LISTENFD_ECLOSED, "6 is not open"},
        {{"LISTEN_FDS=2147483000"}, LISTENFD_ECLOSED, "6 is not open"},
        {{"LISTEN_FDS=2147483647"}, LISTENFD_EFDS, "2147483647"},
        {{"LISTEN_FDS=3", "LISTEN_FDS_FIRST_FD=2147483646"}, LISTENFD_EFDS, "LISTEN_FDS is 3"},
        {{"LISTEN_FDS=3", "LISTEN_FDNAMES=web"}, LISTENFD_ENAMES, "1 names ('web') for 3"},
        {{"LISTEN_FDS=3", "LISTEN_FDNAMES=a:b:c:"}, LISTENFD_ENAMES, "4 names"},
        {{"LISTEN_FDS=3", "LISTEN_FDNAMES="}, LISTENFD_ENAMES, "1 names ('') for 3"},
    };

    (void)state;
    CHECK_ALL(rows);
}

/* ---- Other layouts ---- */

static void start_probe(struct process *process, const int *sockets, size_t count, int first,
                        const char *const *variables)
{
    const char *argv[] = {probe, NULL};

    process_start(process, &(struct launch){.argv = argv,
                                            .environ_ = variables,
                                            .descriptors = sockets,
                                            .count = count,
                                            .first = first});
    close_all(sockets, count);
}

static void finish(struct process *process)
{
    assert_int_equal(process_wait(process), 0);
    process_discard(process);
}

static void test_first_is_ten(void **state)
{
    static const char *const variables[] = {"LISTEN_FDS=2", "LISTEN_FDS_FIRST_FD=10",
                                            "LISTEN_PID=$PID", NULL};
    struct process process;
    int sockets[2];

    (void)state;
    open_listeners(sockets, 2);
    start_probe(&process, sockets, 2, 10, variables);
    expect_line(&process, "status 1", "");
    process_line_with(&process, "socket 0 fd 10 name 'unknown' cloexec tcp listener 127.0.0.1:");
    expect_line(&process, "socket 1 fd 11 name 'unknown' cloexec tcp listener 127.0.0.1:", "");
    expect_line(&process, "others none", "");
    finish(&process);
}

static void test_unannounced_descriptor_stays(void **state)
{
    static const char *const variables[] = {"LISTEN_FDS=2", "LISTEN_FDNAMES=a:b", "LISTEN_OTHER=1",
                                            NULL};
    struct process process;
    int sockets[3];

    (void)state;
    open_listeners(sockets, 3);
    start_probe(&process, sockets, 3, 0, variables);
    process_line_with(&process, "variables LISTEN_OTHER=1");
    expect_line(&process, "socket 0 fd 3 name 'a' cloexec", "");
    expect_line(&process, "socket 1 fd 4 name 'b' cloexec", "");
    expect_line(&process, "others 5", "");
    finish(&process);
}

static void test_foreign_pidfdid(void **state)
{
    static const char *const variables[] = {"LISTEN_FDS=1", "LISTEN_PID=$PID", "LISTEN_PIDFDID=1",
                                            NULL};
    struct process process;
    int sockets[1];

    (void)state;
    if (own_pidfd_inode() < 64) /* before pidfs all pidfds share one small number */
        skip_because("this kernel has no pidfs (Linux 6.9)");
    open_listeners(sockets, 1);
    start_probe(&process, sockets, 1, 0, variables);
    expect_line(&process, "status 2", "");
    expect_line(&process, "message ", "earlier process with the same process ID");
    finish(&process);
}

/* ---- Behind a shell ---- */

static void start_behind_shell(struct process *process, const char *format,
                               const char *const *variables)
{
    char command[512];
    const char *argv[] = {"sh", "-c", command, NULL};
    int sockets[3];

    open_listeners(sockets, 3);
    snprintf(command, sizeof command, format, probe);
    process_start(
        process,
        &(struct launch){.argv = argv, .environ_ = variables, .descriptors = sockets, .count = 3});
    close_all(sockets, 3);
}

static const char *const with_pid[] = {"LISTEN_FDS=3", "LISTEN_PID=$PID", NULL};
static const char *const without_pid[] = {"LISTEN_FDS=3", NULL};

static void test_shell_in_between(void **state)
{
    struct process process;
    char part[64];

    (void)state;
    start_behind_shell(&process, "'%s'; exit $?", with_pid);
    snprintf(part, sizeof part, "LISTEN_PID is %ld but", (long)process.pid);
    expect_line(&process, "status 2", "");
    expect_line(&process, "message ", part);
    assert_non_null(strstr(process.text, "a shell or watcher stands in between"));
    assert_non_null(strstr(process.text, "exec"));
    assert_non_null(strstr(process.text, "--no-pid"));
    expect_line(&process, "variables none", "");
    expect_line(&process, "others 3 4 5", "");
    finish(&process);
}

static void test_shell_that_execs(void **state)
{
    struct process process;

    (void)state;
    start_behind_shell(&process, "exec '%s'", with_pid);
    expect_line(&process, "status 1", "");
    finish(&process);
}

static void test_shell_without_pid(void **state)
{
    struct process process;

    (void)state;
    start_behind_shell(&process, "'%s'; exit $?", without_pid);
    expect_line(&process, "status 1", "");
    finish(&process);
}

static int is_script(const char *path)
{
    FILE *file = fopen(path, "r");
    int found = file && fgetc(file) == '#';

    if (file)
        fclose(file);
    return found;
}

/* A user starts a program that runs with rights of its file's group. */
static void test_setgid(void **state)
{
    char *folder, *copy, command[256];
    struct process process;

    (void)state;
    if (geteuid() != 0 || !have_program("setpriv"))
        skip_because("only root can become another user with setpriv");
    if (is_script(probe))
        skip_because("an emulator runs the probe, and the kernel heeds no such right of a script");
    folder = folder_create();
    copy = path_in(folder, "probe");
    free(shell("chmod 755 '%s' && cp '%s' '%s' && chgrp daemon '%s' && chmod 2755 '%s'", folder,
               probe, copy, copy, copy));
    snprintf(command, sizeof command,
             "exec setpriv --reuid=65534 --regid=65534 --clear-groups '%s' #%%s", copy);
    start_behind_shell(&process, command, without_pid);
    expect_line(&process, "status 0", "");
    expect_line(&process, "message nothing was passed to a privileged program", "");
    expect_line(&process, "variables none", "");
    expect_line(&process, "others 3 4 5", "");
    process_wait(&process); /* the search for leaks is not allowed then */
    process_discard(&process);
    folder_remove(folder);
    free(copy);
}

static void test_shell_that_closes_one(void **state)
{
    struct process process;

    (void)state;
    start_behind_shell(&process, "exec '%s' 4<&-", with_pid);
    expect_line(&process, "status -1007", "");
    expect_line(&process, "message ", "descriptors 3 to 5 were announced");
    assert_non_null(strstr(process.text, "but 4 is not open"));
    expect_line(&process, "variables none", "");
    expect_line(&process, "others 3 5", "");
    finish(&process);
}

/* systemfd 0.4.6 announces what stands between its sockets. */
static void test_stranger_in_between(void **state)
{
    struct process process;

    (void)state;
    start_behind_shell(&process, "exec '%s' tcp_listener index 1 4</dev/null", with_pid);
    expect_line(&process, "status 1", "");
    process_line_with(&process, "socket 1 fd 4 name 'unknown' cloexec special file");
    process_line_with(&process, "take tcp_listener -1008");
    expect_line(&process, "socket 1, named 'unknown', is special file, where a tcp listener", "");
    assert_int_equal(process_wait(&process), 1);
    process_discard(&process);
}

/* ---- Taking and serving: one socket of each kind, and a peer for each ---- */

enum { TCP, TCP6, STREAM, UDP, UNIX, UNIX_STREAM, DATAGRAM, SEQPACKET, KINDS };

static const char all_names[] = "tcp:tcp6:stream:udp:unix:unix-stream:datagram:seqpacket";

struct world {
    char *folder, *paths[KINDS];
    int sockets[KINDS], ports[KINDS];
    int stream_peer, unix_stream_peer;
};

static void open_unix(struct world *world, int which, int type, const char *name)
{
    world->paths[which] = path_in(world->folder, name);
    world->sockets[which] = unix_socket(type, world->paths[which]);
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    int ends[2];

    world->folder = folder_create();
    world->sockets[TCP] = internet_socket(SOCK_STREAM, "127.0.0.1");
    world->sockets[TCP6] = internet_socket(SOCK_STREAM, "::1");
    world->sockets[STREAM] = tcp_connection(&world->stream_peer);
    world->sockets[UDP] = internet_socket(SOCK_DGRAM, "127.0.0.1");
    open_unix(world, UNIX, SOCK_STREAM, "unix");
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    world->sockets[UNIX_STREAM] = ends[0];
    world->unix_stream_peer = ends[1];
    open_unix(world, DATAGRAM, SOCK_DGRAM, "datagram");
    open_unix(world, SEQPACKET, SOCK_SEQPACKET, "seqpacket");
    for (int i = TCP; i <= UDP; i++)
        world->ports[i] = port_of_socket(world->sockets[i]);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    close_all(world->sockets, KINDS);
    for (int i = 0; i < KINDS; i++)
        free(world->paths[i]);
    folder_remove(world->folder);
    free(world);
    return 0;
}

/* A datagram client, whom the server can answer: bound to a name of the system's choice. */
static int datagram_client(const struct world *world, int which)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)world->ports[UDP])};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(which == UDP ? AF_INET : AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (which == UDP) {
        assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
    } else {
        assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un.sun_family), 0);
        strcpy(un.sun_path, world->paths[which]);
        assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
    }
    assert_int_equal(send(fd, "hello?", 6, 0), 6);
    return fd;
}

static int peer_of(const struct world *world, int which)
{
    switch (which) {
    case TCP:
        return connect_port(world->ports[TCP]);
    case TCP6:
        return connect_host("::1", world->ports[TCP6]);
    case STREAM:
        return world->stream_peer;
    case UNIX:
        return connect_path(SOCK_STREAM, world->paths[UNIX]);
    case UNIX_STREAM:
        return world->unix_stream_peer;
    case SEQPACKET:
        return connect_path(SOCK_SEQPACKET, world->paths[SEQPACKET]);
    default:
        return datagram_client(world, which);
    }
}

static void assert_greeted(int peer, const char *name)
{
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    char expected[64], text[64];
    ssize_t got;

    setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    got = recv(peer, text, sizeof text - 1, 0);
    assert_true(got > 0);
    text[got] = '\0';
    snprintf(expected, sizeof expected, "hello from %s\n", name);
    assert_string_equal(text, expected);
    close(peer);
}

/* The probe takes it in this way, and serves the one peer that only this socket has. */
static void check_service(struct world *world, int which, const char *kind, const char *how,
                          const char *what, const char *name)
{
    char names[128];
    const char *argv[] = {probe, kind, how, what, NULL};
    const char *const variables[] = {"LISTEN_FDS=8", "LISTEN_PID=$PID", names, NULL};
    struct process process;

    snprintf(names, sizeof names, "LISTEN_FDNAMES=%s", all_names);
    process_start(&process, &(struct launch){.argv = argv,
                                             .environ_ = variables,
                                             .descriptors = world->sockets,
                                             .count = KINDS});
    assert_non_null(strstr(process_line_with(&process, "take "), " 1"));
    assert_greeted(peer_of(world, which), name);
    finish(&process);
}

static void test_serve_by_index(void **state)
{
    (void)state;
    check_service(*state, TCP, "tcp_listener", "index", "0", "tcp");
    check_service(*state, TCP6, "tcp_listener", "index", "1", "tcp6");
    check_service(*state, STREAM, "tcp_stream", "index", "2", "stream");
    check_service(*state, UDP, "udp_socket", "index", "3", "udp");
    check_service(*state, UNIX, "unix_listener", "index", "4", "unix");
    check_service(*state, UNIX_STREAM, "unix_stream", "index", "5", "unix-stream");
    check_service(*state, DATAGRAM, "unix_datagram", "index", "6", "datagram");
    check_service(*state, SEQPACKET, "unix_seqpacket_listener", "index", "7", "seqpacket");
}

static void test_serve_by_name(void **state)
{
    check_service(*state, TCP, "tcp_listener", "name", "tcp", "tcp");
    check_service(*state, TCP6, "tcp_listener", "name", "tcp6", "tcp6");
    check_service(*state, STREAM, "tcp_stream", "name", "stream", "stream");
    check_service(*state, UDP, "udp_socket", "name", "udp", "udp");
    check_service(*state, UNIX, "unix_listener", "name", "unix", "unix");
    check_service(*state, UNIX_STREAM, "unix_stream", "name", "unix-stream", "unix-stream");
    check_service(*state, DATAGRAM, "unix_datagram", "name", "datagram", "datagram");
    check_service(*state, SEQPACKET, "unix_seqpacket_listener", "name", "seqpacket", "seqpacket");
}

static void check_port(struct world *world, int which, const char *kind, const char *format,
                       const char *name)
{
    char address[64];

    snprintf(address, sizeof address, format, world->ports[which]);
    check_service(world, which, kind, "address", address, name);
}

static void test_serve_by_address(void **state)
{
    struct world *world = *state;

    check_port(world, TCP, "tcp_listener", "127.0.0.1:%d", "tcp");
    check_port(world, TCP, "tcp_listener", "[::ffff:127.0.0.1]:%d", "tcp");
    check_port(world, TCP6, "tcp_listener", "[::1]:%d", "tcp6");
    check_port(world, STREAM, "tcp_stream", "127.0.0.1:%d", "stream");
    check_port(world, UDP, "udp_socket", "127.0.0.1:%d", "udp");
    check_service(world, UNIX, "unix_listener", "address", world->paths[UNIX], "unix");
    check_service(world, DATAGRAM, "unix_datagram", "address", world->paths[DATAGRAM], "datagram");
    check_service(world, SEQPACKET, "unix_seqpacket_listener", "address", world->paths[SEQPACKET],
                  "seqpacket");
}

static void test_wrong_kind(void **state)
{
    const char *argv[] = {probe, "udp_socket", "name", "tcp", NULL};
    const char *const variables[] = {"LISTEN_FDS=2", "LISTEN_FDNAMES=tcp:tcp6", NULL};
    struct world *world = *state;
    struct process process;

    process_start(&process, &(struct launch){.argv = argv,
                                             .environ_ = variables,
                                             .descriptors = world->sockets,
                                             .count = 2});
    process_line_with(&process, "take udp_socket -1010");
    expect_line(&process, "socket 0, named 'tcp', is tcp listener 127.0.0.1:",
                ", where a udp socket was expected");
    assert_int_equal(process_wait(&process), 1);
    process_discard(&process);
}

static int find_probe(void **state)
{
    const char *build = getenv("BUILD");

    (void)state;
    return asprintf(&probe, "%s/tests/support/probe", build ? build : "build") < 0;
}

static int forget_probe(void **state)
{
    (void)state;
    free(probe);
    return 0;
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passed),
        cmocka_unit_test(test_nothing_passed),
        cmocka_unit_test(test_for_another_process),
        cmocka_unit_test(test_numbers_that_are_none),
        cmocka_unit_test(test_counts_and_names_that_lie),
        cmocka_unit_test(test_first_is_ten),
        cmocka_unit_test(test_unannounced_descriptor_stays),
        cmocka_unit_test(test_foreign_pidfdid),
        cmocka_unit_test(test_shell_in_between),
        cmocka_unit_test(test_shell_that_execs),
        cmocka_unit_test(test_shell_without_pid),
        cmocka_unit_test(test_setgid),
        cmocka_unit_test(test_shell_that_closes_one),
        cmocka_unit_test(test_stranger_in_between),
        IN_A_WORLD(test_serve_by_index),
        IN_A_WORLD(test_serve_by_name),
        IN_A_WORLD(test_serve_by_address),
        IN_A_WORLD(test_wrong_kind),
    };

    return cmocka_run_group_tests(tests, find_probe, forget_probe);
}
