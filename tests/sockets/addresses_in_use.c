/* SPDX-License-Identifier: MIT
 * Addresses that another process holds: it is named, and nothing of it is touched. And unix paths:
 * what is replaced, what stays, and with which mode. */
#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;
static struct process holder, bystander; /* after a failed test, clean_up ends them */

static int set_up(void **state)
{
    (void)state;
    folder = folder_create();
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    if (holder.output)
        process_discard(&holder);
    if (bystander.output)
        process_discard(&bystander);
    folder_remove(folder);
    return 0;
}

static int have_ipv6(void)
{
    return shell_status(NULL, "grep -q . /proc/net/if_inet6") == 0;
}

/* Runs a shell command in the folder. */
static int run(const char *command, char **text)
{
    return shell_status(text, "cd %s && %s", folder, command);
}

/* ---- Ports ---- */

/* Starts a launcher whose receiver waits with the socket. Returns the port. */
static int start_holder_as(const char *program, struct process *process, const char *spec)
{
    const char *kind = strncmp(spec, "udp", 3) == 0 ? "udp_socket" : "tcp_listener";
    const char *const argv[] = {"systemfd", "-qs", spec, "--", program, kind, "index", "0", NULL};
    const char *line;

    process_start(process, &(struct launch){.argv = argv});
    line = process_line_with(process, "socket 0 ");
    return atoi(strrchr(line, ':') + 1);
}

static int start_holder(struct process *process, const char *spec)
{
    return start_holder_as("probe", process, spec);
}

static void check_refused(const char *spec, const char *reason)
{
    char *text, *expected;
    int status = shell_status(&text, "systemfd -s '%s' -- echo started", spec);

    assert_true(asprintf(&expected, "systemfd: cannot open -s %s: the address is in use%s\n", spec,
                         reason) > 0);
    if (status != 1 || strcmp(text, expected) != 0)
        print_message("expected %sgot status %d, %s", expected, status, text);
    assert_int_equal(status, 1);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
}

static void check_refused_for(const char *spec, const char *name, long pid)
{
    char reason[128];

    snprintf(reason, sizeof reason, " by %s (process %ld); stop it or choose another address", name,
             pid);
    check_refused(spec, reason);
}

static void check_port(const char *held, const char *wanted)
{
    char spec[64];

    snprintf(spec, sizeof spec, wanted, start_holder(&holder, held));
    check_refused_for(spec, "probe", holder.pid);
    process_discard(&holder);
}

static void test_holder_of_a_port(void **state)
{
    (void)state;
    check_port("0", "%d");
    check_port("http::0", "http::%d");
    check_port("0", "web=http::%d");
    check_port("0", "localhost:%d");
    check_port("127.0.0.2:0", "127.0.0.2:%d");
    check_port("0", "0.0.0.0:%d");
    check_port("0.0.0.0:0", "%d");
    check_port("0.0.0.0:0", "0.0.0.0:%d");
}

/* UDP addresses are not reused, as nothing tells a dead holder from a live one. */
static void test_holder_of_an_udp_port(void **state)
{
    (void)state;
    check_port("udp::0", "udp::%d");
    check_port("udp::0", "udp::0.0.0.0:%d");
    check_port("udp::0.0.0.0:0", "udp::127.0.0.1:%d");
}

static void test_holder_of_an_ipv6_port(void **state)
{
    (void)state;
    if (!have_ipv6())
        skip_because("there is no IPv6 here");
    check_port("[::1]:0", "[::1]:%d");
    check_port("tcp6::*:0", "[::1]:%d");
    check_port("[::1]:0", "tcp6::*:%d");
    check_port("[::1]:0", "*:%d");
    check_port("udp6::0", "udp6::%d");
    check_port("udp6::0", "udp::*:%d");
}

static void test_holder_across_families(void **state)
{
    (void)state;
    if (!have_ipv6())
        skip_because("there is no IPv6 here");
    check_port("*:0", "%d");
    check_port("*:0", "0.0.0.0:%d");
    check_port("*:0", "[::1]:%d");
    check_port("0", "*:%d");
    check_port("0.0.0.0:0", "*:%d");
    check_port("udp::*:0", "udp::%d");
    check_port("udp::0", "udp::*:%d");
}

static void test_holder_of_a_mapped_address(void **state)
{
    (void)state;
    if (!have_ipv6())
        skip_because("there is no IPv6 here");
    check_port("[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.1]:%d");
    check_port("0", "[::ffff:127.0.0.1]:%d");
    check_port("[::ffff:127.0.0.1]:0", "127.0.0.1:%d");
}

/* Two processes hold that port at different addresses. The one that is in the way is named. */
static void check_right_one_named(const char *other, const char *held)
{
    int port = start_holder(&bystander, other);
    char spec[64];

    snprintf(spec, sizeof spec, held, port);
    assert_int_equal(start_holder(&holder, spec), port);
    check_refused_for(spec, "probe", holder.pid);
    process_discard(&holder);
    process_discard(&bystander);
}

static void test_right_one_is_named(void **state)
{
    (void)state;
    if (!have_ipv6())
        skip_because("there is no IPv6 here");
    check_right_one_named("127.0.0.2:0", "127.0.0.3:%d");
    check_right_one_named("127.0.0.1:0", "[::1]:%d");
    check_right_one_named("0.0.0.0:0", "[::1]:%d");
    check_right_one_named("0.0.0.0:0", "tcp6::*:%d");
    check_right_one_named("tcp6::*:0", "127.0.0.2:%d");
    check_right_one_named("udp::0.0.0.0:0", "udp6::[::1]:%d");
}

/* The name of a process may have escape sequences, which must not reach our terminal. */
static void test_hostile_name(void **state)
{
    static const char *const rows[][2] = {
        {"\033[31m\177x", "?[31m?x"},                     /* C0, DEL */
        {"\302\2330;x\302\234", "??0;x??"},               /* C1 as UTF-8: CSI and ST */
        {"\2330;x\234", "?0;x?"},                         /* C1 as single bytes */
        {"\303\274\342\202\254", "\303\274\342\202\254"}, /* only letters */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char spec[16], *name = path_in(folder, rows[i][0]);
        free(shell("ln -s \"$(command -v probe)\" '%s'", name));
        snprintf(spec, sizeof spec, "%d", start_holder_as(name, &holder, "0"));
        check_refused_for(spec, rows[i][1], holder.pid);
        process_discard(&holder);
        free(name);
    }
}

/* Only an address that is really in use is refused. The test uses 127.0.0.2, since connections of
 * other tests may still be in TIME-WAIT at that port of 127.0.0.1. */
static void test_neighbours(void **state)
{
    static const char *const rows[][2] = {{"0", "127.0.0.2:%d"},
                                          {"0", "udp::%d"},
                                          {"udp::0", "tcp::127.0.0.2:%d"},
                                          {"0", "unix::%d"}};
    char spec[64], *text;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(spec, sizeof spec, rows[i][1], start_holder(&holder, rows[i][0]));
        free(shell("cd %s && systemfd -qs '%s' -- true", folder, spec));
        process_discard(&holder);
    }
    if (!have_ipv6())
        return;
    snprintf(spec, sizeof spec, "tcp6::*:%d", start_holder(&holder, "0"));
    assert_int_equal(shell_status(&text, "systemfd -qs '%s' -- true", spec), 0);
    free(text);
    process_discard(&holder);
}

static void test_same_socket_twice(void **state)
{
    static const char mine[] = ": another -s of this command has it\n";
    int listener = idle_internet_stream("127.0.0.1"), port = port_of_socket(listener);
    static const char *const specs[] = {
        "%d", "udp::%d", "./%d", "unix-datagram::./%d", "unix-seqpacket::./%d", "@%d-twice"};

    (void)state;
    close(listener);
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        char spec[64], *text, *expected;
        int status;
        snprintf(spec, sizeof spec, specs[i], port);
        status = shell_status(&text, "cd %s && rm -f %d; systemfd -s %s -s %s -- echo started",
                              folder, port, spec, spec);
        assert_true(asprintf(&expected, "systemfd: cannot open -s %s: the address is in use%s",
                             spec, mine) > 0);
        assert_string_equal(text, expected);
        assert_int_equal(status, 1);
        free(expected);
        free(text);
    }
}

/* Two launchers share a port only if both have --reuse-port. */
static void test_reuse_port(void **state)
{
    static const char *const specs[] = {"0", "udp::0"};

    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        const char *udp = i ? "udp::" : "", *kind = i ? "udp_socket" : "tcp_listener";
        const char *const argv[] = {"systemfd", "--reuse-port", "-qs",   specs[i], "--",
                                    "probe",    kind,           "index", "0",      NULL};
        int port;
        process_start(&holder, &(struct launch){.argv = argv});
        port = atoi(strrchr(process_line_with(&holder, "socket 0 "), ':') + 1);
        assert_int_equal(shell_status(NULL, "systemfd -qs %s%d -- true", udp, port), 1);
        free(shell("systemfd --reuse-port -qs %s%d -- true", udp, port));
        process_discard(&holder);
    }
}

/* ---- Paths: what is there stays ---- */

static void check_left_alone(const char *spec, const char *path, const char *reason)
{
    static const char look[] = "stat -c '%i %a %F %s %Y %Z' ./";
    char *before = shell("cd %s && %s'%s'", folder, look, path), *after, *text, *expected;
    char *command;
    int status;

    assert_true(asprintf(&command, "systemfd -s '%s' -- echo started", spec) > 0);
    status = run(command, &text);
    assert_true(asprintf(&expected, "systemfd: cannot open -s %s: the address is in use%s\n", spec,
                         reason) > 0);
    if (status != 1 || strcmp(text, expected) != 0)
        print_message("expected %sgot status %d, %s", expected, status, text);
    assert_int_equal(status, 1);
    assert_string_equal(text, expected);
    after = shell("cd %s && %s'%s'", folder, look, path);
    assert_string_equal(before, after);
    free(before);
    free(after);
    free(text);
    free(expected);
    free(command);
}

static void test_files_stay(void **state)
{
    static const char reason[] = ": what stands there is not a socket, so it was left as it is";
    static const char *const rows[][2] = {
        {"./file", "file"},
        {"./empty", "empty"},
        {"./folder", "folder"},
        {"./fifo", "fifo"},
        {"./to-nothing", "to-nothing"},
        {"./to-file", "to-file"},
        {"./to-dead", "to-dead"},
        {"unix-datagram::./file", "file"},
        {"unix-seqpacket::./file", "file"},
        {"./file,mode=600", "file"},
    };
    char *dead = path_in(folder, "dead"), *text;

    (void)state;
    close(unix_socket(SOCK_STREAM, dead));
    free(shell("cd %s && echo text >file && touch empty && mkdir folder && mkfifo fifo && "
               "ln -s nothing to-nothing && ln -s file to-file && ln -s dead to-dead",
               folder));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_left_alone(rows[i][0], rows[i][1], reason);
    text = shell("cd %s && cat file && ls -m", folder);
    assert_string_equal(text, "text\ndead, empty, fifo, file, folder, to-dead, to-file, "
                              "to-nothing\n");
    free(text);
    free(dead);
}

static void own_name(char *name)
{
    char *text = shell("cat /proc/%ld/comm", (long)getpid());

    text[strcspn(text, "\n")] = '\0';
    strcpy(name, text);
    free(text);
}

/* The test itself holds the path, with a socket of that type. No type of socket takes it over. */
static void check_live(int type, const char *file)
{
    static const char *const types[] = {"unix", "unix-datagram", "unix-seqpacket"};
    char *path = path_in(folder, file), name[32], reason[128], spec[128];
    int fd = unix_socket(type, path);

    own_name(name);
    snprintf(reason, sizeof reason, " by %s (process %ld); stop it or choose another address", name,
             (long)getpid());
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        snprintf(spec, sizeof spec, "%s::%s", types[i], path);
        check_left_alone(spec, file, reason);
    }
    if (type != SOCK_DGRAM) {
        int client = connect_path(type, path); /* it can still be reached */
        close(client);
    }
    close(fd);
    free(path);
}

static void test_live_sockets_stay(void **state)
{
    (void)state;
    check_live(SOCK_STREAM, "stream");
    check_live(SOCK_DGRAM, "datagram");
    check_live(SOCK_SEQPACKET, "packet");
}

static void test_live_socket_at_a_path_with_blanks(void **state)
{
    (void)state;
    check_live(SOCK_STREAM, "a b  c");
}

/* A socket is not dead because its queue is full and nobody accepts. */
static void test_live_socket_with_full_backlog(void **state)
{
    char *path = path_in(folder, "full"), name[32], reason[128];
    int fd = unix_socket(SOCK_STREAM, path), clients[2];

    (void)state;
    assert_int_equal(listen(fd, 1), 0);
    clients[0] = connect_path(SOCK_STREAM, path);
    clients[1] = connect_path(SOCK_STREAM, path);
    own_name(name);
    snprintf(reason, sizeof reason, " by %s (process %ld); stop it or choose another address", name,
             (long)getpid());
    check_left_alone(path, "full", reason);
    close(clients[0]);
    close(clients[1]);
    close(fd);
    free(path);
}

static void test_live_abstract_socket(void **state)
{
    char name[32], abstract[128];
    int fd;

    (void)state;
    snprintf(abstract, sizeof abstract, "@%s", folder);
    fd = unix_socket(SOCK_STREAM, abstract);
    own_name(name);
    check_refused_for(abstract, name, (long)getpid());
    close(fd);
}

/* /proc/net/unix shows newlines in names as they are. So the name of a socket can look like a line
 * of it, here one that would blame another process. */
static void test_forged_lines(void **state)
{
    enum { FORGED = 8 }; /* several, as some may be listed after the true line */
    char name[32], wanted[64], forged[128], *link;
    unsigned long inode;
    int fd, forgers[FORGED];

    (void)state;
    start_holder(&bystander, "0");
    link = shell("readlink /proc/%ld/fd/3", (long)bystander.pid);
    assert_int_equal(sscanf(link, "socket:[%lu]", &inode), 1);
    snprintf(wanted, sizeof wanted, "%s", abstract_name("wanted"));
    fd = unix_socket(SOCK_STREAM, wanted);
    for (int i = 0; i < FORGED; i++) {
        snprintf(forged, sizeof forged, "@%d\n0000: 2 0 10000 0001 01 %lu %s", i, inode, wanted);
        forgers[i] = unix_socket(SOCK_STREAM, forged);
    }
    own_name(name);
    check_refused_for(wanted, name, (long)getpid());
    for (int i = 0; i < FORGED; i++)
        close(forgers[i]);
    close(fd);
    free(link);
    process_discard(&bystander);
}

/* ---- Paths: what is replaced, and how they are made ---- */

static void test_dead_sockets_are_replaced(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    static const char *const specs[] = {"./dead", "unix-datagram::./dead", "unix-seqpacket::./dead",
                                        "./dead,mode=600"};
    char *path = path_in(folder, "dead");

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < sizeof specs / sizeof specs[0]; j++) {
            char *text;
            close(unix_socket(types[i], path));
            text = shell("cd %s && systemfd -qs %s -- probe", folder, specs[j]);
            assert_non_null(strstr(text, "\nsocket 0 fd 3 "));
            free(text);
            assert_int_equal(unlink(path), 0);
        }
    }
    free(path);
}

static void test_dead_socket_is_replaced_with_the_mode(void **state)
{
    char *path = path_in(folder, "s"), *text;

    (void)state;
    close(unix_socket(SOCK_STREAM, path));
    text = shell("cd %s && systemfd -qs ./s,mode=606 -- stat -c %%a s", folder);
    assert_string_equal(text, "606\n");
    free(text);
    free(path);
}

/* Paths left behind when the command ended are no obstacle to the next start. */
static void test_start_after_start(void **state)
{
    char *text;

    (void)state;
    assert_int_equal(run("systemfd -qs ./a -s unix-datagram::./b -s unix-seqpacket::./c -- true && "
                         "systemfd -qs ./a -s unix-datagram::./b -s unix-seqpacket::./c -- probe "
                         "| grep -c ^socket",
                         &text),
                     0);
    assert_string_equal(text, "3\n");
    free(text);
}

static void check_mode(const char *umask_, const char *spec, const char *mode)
{
    char *text;

    free(shell("rm -f %s/s", folder));
    text = shell("cd %s && umask %s && systemfd -qs '%s' -- stat -c %%a s", folder, umask_, spec);
    if (strcmp(text, mode) != 0)
        print_message("umask %s, -s %s: %s", umask_, spec, text);
    assert_string_equal(text, mode);
    free(text);
}

static void test_modes(void **state)
{
    (void)state;
    check_mode("022", "./s", "755\n");
    check_mode("077", "./s", "700\n");
    check_mode("000", "./s", "777\n");
    check_mode("022", "./s,mode=600", "600\n");
    check_mode("077", "./s,mode=666", "666\n");
    check_mode("777", "./s,mode=777", "777\n");
    check_mode("000", "./s,mode=0", "0\n");
    check_mode("022", "unix-datagram::./s,mode=620", "620\n");
    check_mode("022", "unix-seqpacket::./s,mode=0660", "660\n");
}

/* The file has its mode from its first moment on: chmod(2) is not needed. */
static void test_mode_from_the_start(void **state)
{
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    char events[4096] __attribute__((aligned(8)));
    const struct inotify_event *event;
    int seen = 0;
    ssize_t got;

    (void)state;
    assert_true(inotify_add_watch(watch, folder, IN_CREATE | IN_ATTRIB | IN_MOVED_TO) >= 0);
    free(shell("cd %s && umask 0 && systemfd -qs ./s,mode=600 -- true", folder));
    got = read(watch, events, sizeof events);
    for (ssize_t at = 0; at < got; at += (ssize_t)(sizeof *event + event->len)) {
        event = (const struct inotify_event *)(events + at);
        if (strcmp(event->name, ".#s") == 0) /* the lock */
            continue;
        assert_string_equal(event->name, "s");
        assert_int_equal(event->mask, IN_CREATE);
        seen++;
    }
    assert_int_equal(seen, 1);
    close(watch);
}

/* ---- Before anything is opened ---- */

static int is_empty(const char *path)
{
    char *text = shell("ls -A %s", path);
    int result = *text == '\0';

    free(text);
    return result;
}

static void test_all_specs_are_checked_first(void **state)
{
    static const char *const commands[] = {
        "systemfd -s ./first -s ftp::0 -- echo started",
        "systemfd -s ./first -s http::65536 -- echo started",
        "systemfd -s ./first -s ./second,mode=9 -- echo started",
        "systemfd -s ./first --bogus -- echo started",
        "systemfd -s ./first -b 0 -- echo started",
        "systemfd -s ./first",
    };

    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char *text;
        assert_int_equal(run(commands[i], &text), 2);
        assert_null(strstr(text, "started\n"));
        assert_true(is_empty(folder));
        free(text);
    }
}

/* ---- Ports for root ---- */

static int are_low_ports_for_root(void)
{
    return shell_status(NULL, "test $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start) -gt 1") ==
           0;
}

/* Runs as another user, with a copy of systemfd that they may execute. */
static void test_privileged_port(void **state)
{
    const char *become = "";
    char *text;
    int status;

    (void)state;
    if (!are_low_ports_for_root())
        skip_because("every port is for everybody here");
    if (geteuid() == 0)
        become = "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --";
    if (shell_status(NULL, "%s true", become) != 0)
        skip_because("setpriv(1) cannot change the user here");
    free(shell("cp $(command -v systemfd) %s && chmod 755 %s %s/systemfd", folder, folder, folder));
    status = shell_status(&text, "%s %s/systemfd -s 1 -- echo started", become, folder);
    assert_string_equal(text, "systemfd: cannot open -s 1: Permission denied (ports below 1024 "
                              "need root, or CAP_NET_BIND_SERVICE)\n");
    assert_int_equal(status, 1);
    free(text);
}

/* A holder that belongs to another user cannot be seen. The error says so. */
static void test_holder_that_cannot_be_seen(void **state)
{
    static const char become[] =
        "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --";
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    char *text, *expected;
    int status;

    (void)state;
    if (geteuid() != 0 || shell_status(NULL, "%s true", become) != 0)
        skip_because("setpriv(1) cannot change the user here");
    free(shell("cp $(command -v systemfd) %s && chmod 755 %s %s/systemfd", folder, folder, folder));
    status = shell_status(&text, "%s %s/systemfd -s %d -- echo started", become, folder,
                          port_of_socket(listener));
    assert_true(asprintf(&expected,
                         "systemfd: cannot open -s %d: the address is in use by a process of user "
                         "0, which cannot be seen from here\n",
                         port_of_socket(listener)) > 0);
    assert_string_equal(text, expected);
    assert_int_equal(status, 1);
    free(text);
    free(expected);
    close(listener);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, clean_up)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_holder_of_a_port),
        IN_FOLDER(test_holder_of_an_udp_port),
        IN_FOLDER(test_holder_of_an_ipv6_port),
        IN_FOLDER(test_holder_across_families),
        IN_FOLDER(test_holder_of_a_mapped_address),
        IN_FOLDER(test_right_one_is_named),
        IN_FOLDER(test_hostile_name),
        IN_FOLDER(test_neighbours),
        IN_FOLDER(test_same_socket_twice),
        IN_FOLDER(test_reuse_port),
        IN_FOLDER(test_files_stay),
        IN_FOLDER(test_live_sockets_stay),
        IN_FOLDER(test_live_socket_at_a_path_with_blanks),
        IN_FOLDER(test_live_socket_with_full_backlog),
        IN_FOLDER(test_live_abstract_socket),
        IN_FOLDER(test_forged_lines),
        IN_FOLDER(test_dead_sockets_are_replaced),
        IN_FOLDER(test_dead_socket_is_replaced_with_the_mode),
        IN_FOLDER(test_start_after_start),
        IN_FOLDER(test_modes),
        IN_FOLDER(test_mode_from_the_start),
        IN_FOLDER(test_all_specs_are_checked_first),
        IN_FOLDER(test_privileged_port),
        IN_FOLDER(test_holder_that_cannot_be_seen),
    };

    return cmocka_run_group_tests(tests, find_programs, NULL);
}
