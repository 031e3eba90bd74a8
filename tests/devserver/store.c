/* SPDX-License-Identifier: MIT
 * The descriptor store. What servers send with FDSTORE=1 is kept for the next ones, and also passed
 * on to a service manager, which here is a socket of the test. tests/examples/units.c tests it with
 * the real systemd. The server is tests/support/keeper.c. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define START_KEEPER(...) \
    START("-s", "web=http::0", "--restart-on-hup", "--", "keeper", __VA_ARGS__)
/* The first server does `first`, each later one `second`. */
#define START_TWO(first, second)                                                        \
    START("-s", "web=http::0", "--restart-on-hup", "--", "sh", "-c",                    \
          "if test -e ../first; then exec keeper " second "; fi; touch ../first; exec " \
          "keeper " first)

static void restart(unsigned generation)
{
    process_signal(&systemfd, SIGHUP);
    expect_ready(generation);
}

/* The next server is passed descriptors of these names. It becomes ready unless generation is 0. */
static void expect_passed(const char *names, unsigned generation)
{
    char line[256];

    snprintf(line, sizeof line, "passed %s", names);
    assert_string_equal(expect("passed"), line);
    if (generation > 0)
        expect_ready(generation);
}

static size_t descriptors_of_systemfd(void)
{
    char *count = shell("ls /proc/%ld/fd | wc -l", (long)systemfd.pid);
    size_t number = (size_t)atol(count);

    free(count);
    return number;
}

/* ---- Keeping ---- */

static void test_state(void **state)
{
    (void)state;
    START_KEEPER("state", "serve");
    expect_passed("web", 0);
    assert_string_equal(expect("start"), "start 1");
    expect_ready(1);
    for (unsigned generation = 2; generation <= 4; generation++) {
        char start[32];
        process_signal(&systemfd, SIGHUP);
        expect_passed("web state", 0);
        snprintf(start, sizeof start, "start %u", generation);
        assert_string_equal(expect("start"), start);
        expect_ready(generation);
    }
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* A listener that a server has stored is open even while there is no server. */
static void test_own_listener(void **state)
{
    char *answer;
    int port, client;

    (void)state;
    START("-s", "web=http::0", "--restart-on-hup", "--stop-first", "--", "keeper", "listener=admin",
          "serve");
    expect_passed("web", 0);
    assert_int_equal(sscanf(expect("listener"), "listener admin %d", &port), 1);
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    client = connect_port(port);
    expect_passed("web admin", 2);
    answer = exchange(client, "");
    assert_memory_equal(answer, "keeper ", 7);
    free(answer);
}

/* What a server stores before it fails goes to the next one. */
static void test_failed_version(void **state)
{
    (void)state;
    START_TWO("state serve", "memfd=failed exit=3");
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web state", 0);
    expect("~> server 2 died before it was ready");
    in_project("rm ../first");
    process_signal(&systemfd, SIGHUP);
    expect_passed("web state failed", 0);
    assert_string_equal(expect("start"), "start 2");
    expect_ready(3);
}

/* What an old server stores while it stops comes too late for the new server, but not for the one
 * after that. */
static void test_last_words(void **state)
{
    (void)state;
    START_TWO("serve memfd=last", "serve");
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web", 2);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web last", 3);
}

/* A server may store its state, and then ask for its successor. */
static void test_hup_by_the_server(void **state)
{
    (void)state;
    START_TWO("ready wait=../go memfds=9 hup serve", "serve");
    expect_ready(1);
    in_project("touch ../go");
    expect_passed("web 1 2 3 4 5 6 7 8 9", 2);
}

/* With --stop-first, what it stores while it stops comes in time. */
static void test_last_words_first(void **state)
{
    (void)state;
    START("-s", "web=http::0", "--restart-on-hup", "--stop-first", "--", "keeper", "serve",
          "memfds=100");
    expect_passed("web", 1);
    process_signal(&systemfd, SIGHUP);
    assert_non_null(strstr(expect("passed web 1 2 3 4 5"), " 98 99 100"));
}

static void test_crash(void **state)
{
    (void)state;
    START_TWO("state serve", "serve");
    expect_ready(1);
    kill((pid_t)atol(strstr(systemfd.text, "(process ") + 9), SIGKILL);
    expect_passed("web state", 2);
}

static void test_workers(void **state)
{
    (void)state;
    START("-s", "web=http::0", "--restart-on-hup", "--workers=2", "--", "keeper", "twice=x",
          "serve");
    expect("~> server 1 is ready");
    process_signal(&systemfd, SIGHUP);
    expect_passed("web x x", 0);
    expect_passed("web x x x", 0);
    expect("~> server 2 is ready");
}

static void test_lazy(void **state)
{
    (void)state;
    START("--lazy", "-s", "web=http::0", "--", "keeper", "state", "exit=0");
    for (int i = 1; i <= 3; i++) {
        char start[32];
        expect(i == 1 ? "~> waiting for the first client" : "~> server ");
        close(connect_port(ports[0]));
        expect_passed(i == 1 ? "web" : "web state", 0);
        snprintf(start, sizeof start, "start %d", i);
        assert_string_equal(expect("start"), start);
    }
}

/* A server that stores and finds descriptors by libsystemd, through python3-systemd. */
static void test_libsystemd(void **state)
{
    static const char server[] =
        "import os, signal\n"
        "from systemd import daemon\n"
        "names = daemon.listen_fds_with_names()\n"
        "print('passed', *[names[fd] for fd in sorted(names)], flush=True)\n"
        "daemon.notify('FDSTORE=1\\nFDNAME=state', fds=[os.memfd_create('state')])\n"
        "daemon.notify('READY=1')\n"
        "signal.pause()\n";

    (void)state;
    if (shell_status(NULL, "/usr/bin/python3 -c 'import systemd.daemon'") != 0)
        skip_because("python3-systemd is not installed");
    START("-s", "web=http::0", "--restart-on-hup", "--", "/usr/bin/python3", "-c", server);
    expect_passed("web", 1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web state", 2);
}

/* ---- Names ---- */

static void test_remove(void **state)
{
    (void)state;
    START_TWO("memfd=a memfd=b memfd=a memfd=c serve", "serve remove=a remove=none");
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web a b a c", 2);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web a b a c", 3);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web b c", 4);
}

/* Names are treated as by systemd. */
static void test_names(void **state)
{
    (void)state;
    START_KEEPER("unnamed", "memfd=a:b", "memfd=", "memfd=Ärger", "memfd=in the way", "remove=c:d",
                 "say=FDSTOREREMOVE=1", "serve");
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web stored stored  stored in the way", 2);
    assert_int_equal(count_lines("~> FDNAME=a:b is not a name for a descriptor"), 1);
    assert_int_equal(count_lines("~> FDNAME="), 1);
}

/* ---- What is not kept ---- */

static void test_same_description(void **state)
{
    (void)state;
    START_TWO("twice=x serve", "again=x serve");
    expect_ready(1);
    for (unsigned generation = 2; generation <= 4; generation++) {
        process_signal(&systemfd, SIGHUP);
        expect_passed("web x", generation);
    }
}

/* A descriptor whose other end is closed is dropped, unless it was sent with FDPOLL=0. */
static void test_hung_up(void **state)
{
    (void)state;
    START_TWO("end=live other=dead silent=kept serve", "serve");
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web live kept", 2);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web kept", 3);
}

/* systemfd closes descriptors that it does not store (sd_notify_barrier(3) waits for that), and
 * those that are removed. */
static void test_no_descriptor_is_left(void **state)
{
    size_t before;

    (void)state;
    START_TWO("lent together=20 serve", "remove=one lent say=BARRIER=1 serve");
    expect_ready(1);
    before = descriptors_of_systemfd();
    restart(2);
    WAIT_UNTIL(descriptors_of_systemfd() == before - 20);
}

/* When the store is full, this is reported once, and further descriptors are closed. */
static void test_bound(void **state)
{
    size_t before;

    (void)state;
    in_project("echo 'ulimit -n 80; exec \"$@\"' >../limited");
    start_systemfd((const char *const[]){"sh", "../limited", "systemfd", "-s", "web=http::0",
                                         "--restart-on-hup", "--", "sh", "-c",
                                         "echo FDSTORE=$FDSTORE; exec keeper memfds=15 together=9 "
                                         "serve",
                                         NULL});
    assert_string_equal(expect("FDSTORE"), "FDSTORE=20");
    expect_ready(1);
    before = descriptors_of_systemfd();
    for (unsigned generation = 2; generation <= 4; generation++) {
        process_signal(&systemfd, SIGHUP);
        expect_passed("web 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 one one one one one", generation);
    }
    WAIT_UNTIL(descriptors_of_systemfd() == before);
    assert_int_equal(count_lines("~> servers store more than 20 descriptors"), 1);
}

/* If too many descriptors come for RLIMIT_NOFILE, they are lost, and everything else goes on. */
static void test_too_few_numbers(void **state)
{
    struct rlimit limit, low;
    size_t before;

    (void)state;
    START_TWO("memfd=first ready wait=../go together=40 serve", "serve");
    expect_ready(1);
    assert_int_equal(prlimit(systemfd.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    low = limit;
    low.rlim_cur = 32;
    before = descriptors_of_systemfd();
    assert_int_equal(prlimit(systemfd.pid, RLIMIT_NOFILE, &low, NULL), 0);
    in_project("touch ../go");
    expect("~> descriptors that a server sent with FDSTORE=1 are lost");
    assert_int_equal(prlimit(systemfd.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    assert_int_equal(descriptors_of_systemfd(), before);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web first", 2);
}

/* Messages from another user are ignored, and their descriptors closed. */
static void test_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0 || !have_program("setpriv"))
        skip_because("only root can become another user, with setpriv");
    in_project("cp $(command -v keeper) .. && chmod 755 . .. ../keeper");
    START(
        "-s", "web=http::0", "--restart-on-hup", "--", "sh", "-c",
        "../keeper memfd=mine; setsid setpriv --reuid=65534 --clear-groups ../keeper memfd=foreign "
        "remove=mine say=READY=1 || exit 8; exec ../keeper serve");
    assert_string_equal(expect("passed web"), "passed web");
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    assert_string_equal(expect("passed web"), "passed web mine");
}

/* ---- A service manager ---- */

static int manager = -1;
static char notify_socket[64];

static void listen_as_manager(void)
{
    const struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    const char *name = abstract_name("manager");

    manager = unix_socket(SOCK_DGRAM, name);
    assert_int_equal(setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    snprintf(notify_socket, sizeof notify_socket, "NOTIFY_SOCKET=%s", name);
}

/* Receives the next message about the store. Returns the descriptor that comes with it, or -1. */
static int next_told(char *text, size_t size, const char *expected)
{
    int fd;

    do {
        union {
            struct cmsghdr header;
            char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec part = {text, size - 1};
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof control.bytes};
        ssize_t length = recvmsg(manager, &message, MSG_CMSG_CLOEXEC);
        if (length < 0)
            fail_msg("the service manager was not told %s", expected);
        text[length] = '\0';
        fd = -1;
        if (CMSG_FIRSTHDR(&message))
            memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    } while (strncmp(text, "FDSTORE", 7) != 0);
    return fd;
}

static int expect_told(const char *expected)
{
    char text[1024];
    int fd = next_told(text, sizeof text, expected);

    assert_string_equal(text, expected);
    return fd;
}

static void expect_descriptor(const char *expected)
{
    int fd = expect_told(expected);

    assert_true(fd >= 0);
    close(fd);
}

/* Starts systemfd with what a manager passes: its sockets, and what it has stored. */
static void start_with(const int *descriptors, size_t count, const char *names,
                       const char *const *argv)
{
    char listen_fds[32], listen_fdnames[128];
    const char *const variables[] = {
        listen_fds, listen_fdnames, notify_socket, "LISTEN_PID=$PID", "ASAN_OPTIONS=detect_leaks=0",
        NULL};

    snprintf(listen_fds, sizeof listen_fds, "LISTEN_FDS=%zu", count);
    snprintf(listen_fdnames, sizeof listen_fdnames, "LISTEN_FDNAMES=%s", names);
    process_start(&systemfd, &(struct launch){.argv = argv,
                                              .environ_ = variables,
                                              .folder = project,
                                              .descriptors = descriptors,
                                              .count = count});
    for (size_t i = 0; i < count; i++)
        close(descriptors[i]);
}

#define START_WITH(descriptors, names, ...)                                                     \
    start_with(descriptors, sizeof(descriptors) / sizeof *(descriptors), names,                 \
               (const char *const[]){"systemfd", "-s", "own=http::0", "--restart-on-hup", "--", \
                                     "keeper", __VA_ARGS__, NULL})

static int counted_memfd(int starts)
{
    int fd = memfd_create("state", MFD_CLOEXEC);

    assert_int_equal(write(fd, &starts, sizeof starts), (int)sizeof starts);
    return fd;
}

static int remove_manager(void **state)
{
    if (manager >= 0)
        close(manager);
    manager = -1;
    return remove_project(state);
}

#define MANAGED(function) cmocka_unit_test_setup_teardown(function, create_project, remove_manager)

static void test_passed_on(void **state)
{
    int starts, fd;

    (void)state;
    listen_as_manager();
    start_systemfd((const char *const[]){"env", notify_socket, "systemfd", "-s", "web=http::0",
                                         "--restart-on-hup", "--", "keeper", "state", "silent=s",
                                         "remove=s", "unnamed", "serve", NULL});
    fd = expect_told("FDSTORE=1\nFDNAME=state");
    expect_descriptor("FDSTORE=1\nFDNAME=s\nFDPOLL=0");
    assert_int_equal(expect_told("FDSTOREREMOVE=1\nFDNAME=s"), -1);
    expect_descriptor("FDSTORE=1\nFDNAME=stored");
    assert_int_equal(pread(fd, &starts, sizeof starts, 0), (int)sizeof starts);
    assert_int_equal(starts, 1);
    close(fd);
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web state stored", 2);
}

/* After a restart of systemfd, stored descriptors are recognized. They come after systemfd's own
 * socket, as before. */
static void test_given_back(void **state)
{
    const int descriptors[] = {internet_socket(SOCK_STREAM, "127.0.0.1"), counted_memfd(7),
                               internet_socket(SOCK_STREAM, "127.0.0.1")};

    (void)state;
    listen_as_manager();
    START_WITH(descriptors, "web:state:admin", "state", "remove=admin", "serve");
    expect("~> stored descriptor state -> fd #5");
    expect_passed("web own state admin", 0);
    assert_string_equal(expect("start"), "start 8");
    expect_ready(1);
    assert_int_equal(expect_told("FDSTOREREMOVE=1\nFDNAME=admin"), -1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web own state", 2);
}

/* A listener may come from a socket unit, so it stays where it is, and is not removed. The manager
 * is still told what a server says about it, since it may be in the manager's store. */
static void test_listener_given_back(void **state)
{
    const int descriptors[] = {internet_socket(SOCK_STREAM, "127.0.0.1"),
                               internet_socket(SOCK_STREAM, "127.0.0.1")};

    (void)state;
    listen_as_manager();
    START_WITH(descriptors, "web:admin", "remove=admin", "again=admin", "serve");
    for (unsigned generation = 1; generation <= 2; generation++) {
        expect_passed("web admin own", generation);
        assert_int_equal(expect_told("FDSTOREREMOVE=1\nFDNAME=admin"), -1);
        expect_descriptor("FDSTORE=1\nFDNAME=admin");
        process_signal(&systemfd, SIGHUP);
    }
}

/* The manager does not read for a while, and the kernel keeps only a few messages for it
 * (net.unix.max_dgram_qlen). In the end it stores what is to be kept. */
static void test_slow_manager(void **state)
{
    enum { MOST = 100 };
    int kept[MOST + 1] = {0}, count = 0, number;

    (void)state;
    listen_as_manager();
    start_systemfd((const char *const[]){"env", notify_socket, "systemfd", "-s", "web=http::0",
                                         "--restart-on-hup", "--", "keeper", "memfds=100",
                                         "remove=1", "remove=100", "memfd=1", "serve", NULL});
    expect_ready(1);
    while (count < MOST - 1 || !kept[1] || kept[MOST]) {
        char text[1024];
        int fd = next_told(text, sizeof text, "all that is to be kept");
        int stores = sscanf(text, "FDSTORE=1\nFDNAME=%d", &number) == 1;
        if (!stores)
            assert_int_equal(sscanf(text, "FDSTOREREMOVE=1\nFDNAME=%d", &number), 1);
        assert_in_range(number, 1, MOST);
        assert_int_equal(fd >= 0, stores);
        count += stores - kept[number];
        kept[number] = stores;
        close(fd);
    }
}

static int socket_of_user(uid_t user)
{
    int fd;

    assert_int_equal(seteuid(user), 0);
    fd = internet_socket(SOCK_STREAM, "127.0.0.1");
    assert_int_equal(seteuid(0), 0);
    return fd;
}

/* If the manager runs as another user, it has not opened what belongs to the server's user. */
static void test_own_listener_given_back(void **state)
{
    enum { USER = 65534 };
    static const char *const argv[] = {"setpriv",
                                       "--reuid=65534",
                                       "--clear-groups",
                                       "../systemfd",
                                       "-s",
                                       "own=http::0",
                                       "--restart-on-hup",
                                       "--",
                                       "../keeper",
                                       "remove=admin",
                                       "serve",
                                       NULL};
    int descriptors[2];

    (void)state;
    if (geteuid() != 0 || !have_program("setpriv"))
        skip_because("only root can become another user, with setpriv");
    in_project("cp $(command -v systemfd) $(command -v keeper) .. && chmod 755 . ..");
    descriptors[0] = internet_socket(SOCK_STREAM, "127.0.0.1");
    descriptors[1] = socket_of_user(USER);
    listen_as_manager();
    start_with(descriptors, 2, "web:admin", argv);
    expect_passed("web own admin", 1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web own", 2);
}

/* Processes for connections are not passed what an earlier server has stored. */
static void test_given_back_for_connections(void **state)
{
    const int descriptors[] = {internet_socket(SOCK_STREAM, "127.0.0.1"), counted_memfd(1)};
    int port = port_of_socket(descriptors[0]);
    char *answer;

    (void)state;
    listen_as_manager();
    start_with(descriptors, 2, "web:state",
               (const char *const[]){"systemfd", "--accept", "--", "sh", "-c",
                                     "echo $LISTEN_FDS $LISTEN_FDNAMES ${FDSTORE-none} >&3", NULL});
    expect("~> accepting");
    answer = exchange(connect_port(port), "");
    assert_string_equal(answer, "1 connection none\n");
    free(answer);
}

/* Servers are told the manager's limit if it is lower. */
static void test_bound_of_the_manager(void **state)
{
    (void)state;
    listen_as_manager();
    start_systemfd((const char *const[]){"env", notify_socket, "FDSTORE=3", "systemfd", "-s",
                                         "web=http::0", "--restart-on-hup", "--build",
                                         "echo build ${FDSTORE-unset}", "--", "sh", "-c",
                                         "echo server $FDSTORE; exec keeper memfds=5 serve", NULL});
    assert_string_equal(expect("build"), "build unset");
    assert_string_equal(expect("server"), "server 3");
    expect_ready(1);
    process_signal(&systemfd, SIGHUP);
    expect_passed("web 1 2 3", 2);
    assert_int_equal(count_lines("~> servers store more than 3 descriptors"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state),
        TEST(test_own_listener),
        TEST(test_failed_version),
        TEST(test_last_words),
        TEST(test_last_words_first),
        TEST(test_hup_by_the_server),
        TEST(test_crash),
        TEST(test_workers),
        TEST(test_lazy),
        TEST(test_libsystemd),
        TEST(test_remove),
        TEST(test_names),
        TEST(test_same_description),
        TEST(test_hung_up),
        TEST(test_no_descriptor_is_left),
        TEST(test_bound),
        TEST(test_too_few_numbers),
        TEST(test_another_user),
        MANAGED(test_passed_on),
        MANAGED(test_given_back),
        MANAGED(test_listener_given_back),
        MANAGED(test_own_listener_given_back),
        MANAGED(test_given_back_for_connections),
        MANAGED(test_slow_manager),
        MANAGED(test_bound_of_the_manager),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
