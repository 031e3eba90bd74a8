/* SPDX-License-Identifier: MIT
 * listenfd.c while the system fails: each of its calls in turn, with each error it may have, on
 * every path through the library. The result is a documented one, errno is true, and nothing
 * is left half changed. */
#include "injector/injector.h"
#include "listenfd.h"

#include "folder.h"
#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { UNTOUCHED = 4711, NO_RESULT = 4712 };

/* ---- Every fault on one path ---- */

static const char *fault_call = "no call"; /* the one that is to fail, */
static unsigned fault_number;
static int fault_error;     /* with this; 0: none does */
static size_t faults_tried; /* and did fail */
static int usual;           /* the path's result without a fault, */
static int usual_error;     /* and errno after it */
static const char *path_name;
static int is_on_path;

/* Afterwards: what a test was about, if it failed. */
static int print_fault(void **state)
{
    (void)state;
    if (is_on_path)
        print_message("path: %s; call %u of %s fails: %s\n", path_name, fault_number, fault_call,
                      fault_error ? strerror(fault_error) : "not at all");
    is_on_path = 0;
    return 0;
}

static int is_fault(const char *call, int error)
{
    return fault_error && strcmp(fault_call, call) == 0 && (error == 0 || fault_error == error);
}

/* What stands in here meets the fault; what the test does around it, does not. */
#define WITH_FAULT(statement) \
    do {                      \
        fault_begin();        \
        errno = UNTOUCHED;    \
        statement;            \
        fault_end();          \
    } while (0)

/* All numbers of that call with that error, until there is none of that number. */
static unsigned fail_each(void (*path)(const void *), const void *argument)
{
    for (fault_number = 1;; fault_number++) {
        fault_arm(fault_call, fault_number, fault_error);
        path(argument);
        if (!fault_struck())
            return fault_number - 1;
        faults_tried++;
    }
}

static void fail_everything(const char *name, void (*path)(const void *), const void *argument)
{
    path_name = name;
    is_on_path = 1;
    fault_error = 0;
    usual = NO_RESULT;
    fault_arm("none", 1, 0);
    path(argument);
    for (const struct call *call = calls; call->name; call++) {
        unsigned failed = 1;
        fault_call = call->name;
        for (const int *error = call->errors; *error && failed; error++) {
            fault_error = *error;
            failed = fail_each(path, argument);
        }
    }
    is_on_path = fault_error = 0;
}

static int is_usual(int result)
{
    if (usual == NO_RESULT)
        usual = result;
    return result == usual;
}

/* ---- What is open ---- */

enum { MOST_DESCRIPTORS = 256 };

struct open_descriptors {
    struct pollfd entries[MOST_DESCRIPTORS];
};

static void look_at_descriptors(struct open_descriptors *now)
{
    for (int fd = 0; fd < MOST_DESCRIPTORS; fd++)
        now->entries[fd] = (struct pollfd){.fd = fd};
    assert_true(poll(now->entries, MOST_DESCRIPTORS, 0) >= 0);
}

static void assert_same_descriptors(const struct open_descriptors *before)
{
    struct open_descriptors now;

    look_at_descriptors(&now);
    for (int fd = 0; fd < MOST_DESCRIPTORS; fd++)
        if ((now.entries[fd].revents ^ before->entries[fd].revents) & POLLNVAL) {
            print_message("descriptor %d was %s\n", fd,
                          now.entries[fd].revents & POLLNVAL ? "closed" : "left open");
            fail();
        }
}

static void assert_sentence(const char *message)
{
    assert_non_null(message);
    assert_true(strlen(message) > 10);
    assert_true(strlen(message) < 384);
    assert_null(strpbrk(message, "\n\r"));
}

/* ---- from_env and free ---- */

static const char *const variables[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID",
                                        "LISTEN_FDNAMES", "LISTEN_FDS_FIRST_FD"};

/* Two listeners were passed; then the variables are set to these. */
static const struct environment {
    const char *name, *variable, *value; /* "PID", "INODE": those of this process */
} environments[] = {
    {"anonymous", "LISTEN_FDNAMES", NULL},
    {"names", "LISTEN_FDNAMES", "a:b"},
    {"too many names", "LISTEN_FDNAMES", "a:b:c"},
    {"own process ID", "LISTEN_PID", "PID"},
    {"another process ID", "LISTEN_PID", "1"},
    {"malformed process ID", "LISTEN_PID", "-1"},
    {"own pidfd", "LISTEN_PIDFDID", "INODE"},
    {"another pidfd", "LISTEN_PIDFDID", "1"},
    {"malformed pidfd", "LISTEN_PIDFDID", "x"},
    {"nothing passed", "LISTEN_FDS", NULL},
    {"no sockets", "LISTEN_FDS", "0"},
    {"malformed count", "LISTEN_FDS", "two"},
    {"more than are open", "LISTEN_FDS", "3"},
    {"absurd count", "LISTEN_FDS", "2147483647"},
    {"malformed first descriptor", "LISTEN_FDS_FIRST_FD", "3 "},
    {"first descriptor closed", "LISTEN_FDS_FIRST_FD", "100000"},
};

static const unsigned flag_sets[] = {0,
                                     LISTENFD_KEEP,
                                     LISTENFD_NONBLOCK,
                                     LISTENFD_BLOCK,
                                     LISTENFD_REQUIRE_PID,
                                     LISTENFD_KEEP | LISTENFD_REQUIRE_PID,
                                     LISTENFD_NONBLOCK | LISTENFD_BLOCK,
                                     0x100};

enum { FLAG_SETS = sizeof flag_sets / sizeof flag_sets[0] };

struct reading {
    const struct environment *environment;
    unsigned flags;
};

static void set_environment(const struct environment *environment)
{
    char inode[24];
    const char *value = environment->value;

    snprintf(inode, sizeof inode, "%llu", own_pidfd_inode());
    if (!value)
        unsetenv(environment->variable);
    else if (strcmp(value, "PID") == 0)
        setenv(environment->variable, own_pid(), 1);
    else
        setenv(environment->variable, strcmp(value, "INODE") == 0 ? inode : value, 1);
}

static void read_variables(char *text, size_t size)
{
    size_t length = 0;

    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        length += (size_t)snprintf(text + length, size - length, "%s,", value ? value : "(none)");
    }
}

/* Which other status a fault can lead to: where the kernel does not say which pidfd is ours, it
 * is not compared; a descriptor that is said to be closed is not passed. */
static int is_status_by_fault(int status)
{
    if (is_fault("fcntl", EBADF))
        return status == LISTENFD_ECLOSED;
    return (is_fault("syscall", 0) || is_fault("fstat", 0) || is_fault("fstatfs", 0)) &&
           status == LISTENFD_PASSED;
}

static void check_status(const struct listenfd *lfd)
{
    int status = listenfd_status(lfd);

    if (!lfd) {
        assert_true(is_fault("malloc", ENOMEM));
        return;
    }
    if (!is_usual(status) && !is_status_by_fault(status)) {
        print_message("status %d (%s)\n", status, listenfd_strerror(status));
        fail();
    }
    assert_int_equal(listenfd_count(lfd), status == LISTENFD_PASSED ? 2 : 0);
    if (status != LISTENFD_PASSED)
        assert_sentence(listenfd_message(lfd));
}

static void read_and_free(const void *argument)
{
    const struct reading *reading = argument;
    char before[256], now[256], none[256];
    int first, keep = (reading->flags & LISTENFD_KEEP) != 0, is_passed;
    struct open_descriptors descriptors;
    struct listenfd *lfd;

    clear_variables();
    read_variables(none, sizeof none);
    first = pass_listeners(2, NULL);
    for (int i = 0; i < 2; i++) /* as a launcher leaves them */
        assert_false(is_cloexec(first + i));
    set_environment(reading->environment);
    read_variables(before, sizeof before);
    look_at_descriptors(&descriptors);

    WITH_FAULT(lfd = listenfd_from_env(reading->flags));
    assert_int_equal(errno, UNTOUCHED);
    check_status(lfd);
    is_passed = lfd ? listenfd_status(lfd) == LISTENFD_PASSED : usual == LISTENFD_PASSED;
    read_variables(now, sizeof now);
    assert_string_equal(now, keep ? before : none);
    for (int i = 0; i < 2; i++)
        assert_int_equal(is_cloexec(first + i), is_passed && !keep);
    assert_same_descriptors(&descriptors);

    errno = UNTOUCHED;
    listenfd_free(lfd);
    assert_int_equal(errno, UNTOUCHED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(is_open_descriptor(first + i), !(lfd && is_passed && !keep));
        close(first + i);
    }
}

static void test_reading(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof environments / sizeof environments[0]; i++)
        for (size_t j = 0; j < FLAG_SETS; j++) {
            struct reading reading = {&environments[i], flag_sets[j]};
            fail_everything(environments[i].name, read_and_free, &reading);
        }
}

static void free_two(const void *argument)
{
    int first = pass_listeners(2, NULL);
    struct listenfd *lfd = receive_passed(0);

    (void)argument;
    WITH_FAULT(listenfd_free(lfd));
    assert_int_equal(errno, UNTOUCHED);
    assert_false(is_open_descriptor(first));
    assert_false(is_open_descriptor(first + 1));
}

static void test_freeing(void **state)
{
    (void)state;
    fail_everything("free", free_two, NULL);
}

/* ---- What is passed ---- */

static char *folder;

static int a_tcp_listener(int *peer)
{
    (void)peer;
    return internet_socket(SOCK_STREAM, "127.0.0.1");
}

static int a_tcp6_listener(int *peer)
{
    (void)peer;
    return internet_socket(SOCK_STREAM, "::1");
}

static int an_idle_tcp_socket(int *peer)
{
    (void)peer;
    return idle_internet_stream("127.0.0.1");
}

static int a_udp_socket(int *peer)
{
    (void)peer;
    return internet_socket(SOCK_DGRAM, "127.0.0.1");
}

static int a_unix_listener(int *peer)
{
    char *path = path_in(folder, "passed");
    int fd;

    (void)peer;
    unlink(path);
    fd = unix_socket(SOCK_STREAM, path);
    free(path);
    return fd;
}

static int an_abstract_datagram(int *peer)
{
    (void)peer;
    return unix_socket(SOCK_DGRAM, abstract_name("faults"));
}

static int a_seqpacket_listener(int *peer)
{
    (void)peer;
    return unix_socket(SOCK_SEQPACKET, abstract_name("faults"));
}

static int a_unix_stream(int *peer)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    *peer = ends[1];
    return ends[0];
}

static int a_pipe(int *peer)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    *peer = ends[1];
    return ends[0];
}

static const struct passed_kind {
    const char *name;
    int (*open)(int *peer);
} passed_kinds[] = {
    {"tcp listener", a_tcp_listener},
    {"tcp6 listener", a_tcp6_listener},
    {"idle tcp socket", an_idle_tcp_socket},
    {"tcp stream", tcp_connection},
    {"udp socket", a_udp_socket},
    {"unix listener", a_unix_listener},
    {"unix stream", a_unix_stream},
    {"abstract datagram socket", an_abstract_datagram},
    {"seqpacket listener", a_seqpacket_listener},
    {"pipe", a_pipe},
};

enum { PASSED_KINDS = sizeof passed_kinds / sizeof passed_kinds[0] };

/* Passes one, and calls use with it; afterwards nothing of it may be left. */
static struct listenfd *receive_one(const struct passed_kind *kind, unsigned flags, int *fd,
                                    int *peer)
{
    clear_variables();
    *peer = -1;
    *fd = pass_one(kind->open(peer));
    return receive_passed(flags);
}

/* ---- take ---- */

static int custom(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return listenfd_take_custom(lfd, index, AF_INET, SOCK_STREAM, 0, 0, out);
}

static int or_bind_tcp(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return listenfd_take_or_bind(lfd, index, "127.0.0.1:0", out);
}

static int or_bind_unix(struct listenfd *lfd, size_t index, listenfd_socket *out)
{
    return listenfd_take_or_bind(lfd, index, "/nowhere/x", out);
}

typedef int take_call(struct listenfd *, size_t, listenfd_socket *);

static take_call *const take_calls[] = {
    listenfd_take_tcp_listener,
    listenfd_take_stream_listener,
    listenfd_take_tcp_stream,
    listenfd_take_udp_socket,
    listenfd_take_unix_listener,
    listenfd_take_unix_stream,
    listenfd_take_unix_datagram,
    listenfd_take_unix_seqpacket_listener,
    listenfd_take_raw,
    custom,
    or_bind_tcp,
    or_bind_unix,
};

enum { TAKE_CALLS = sizeof take_calls / sizeof take_calls[0] };

struct taking {
    const struct passed_kind *passed;
    take_call *take;
    unsigned flags;
};

/* What the header says that an error of the kernel becomes. */
static int code_of_fault(void)
{
    switch (fault_error) {
    case EBADF:
        return LISTENFD_ECLOSED;
    case ENOTSOCK:
        return LISTENFD_ENOTSOCKET;
    case ENOTCONN:
        return LISTENFD_ENOTCONNECTED;
    default:
        return LISTENFD_ESYSTEM;
    }
}

/* fcntl is asked only whether a descriptor is open: whatever it says, that is not so. */
static int is_code_by_fault(int code)
{
    if (is_fault("fcntl", 0))
        return code == LISTENFD_ECLOSED;
    return code == (is_fault("ioctl", 0) ? LISTENFD_ESYSTEM : code_of_fault());
}

static void check_take(const struct listenfd *lfd, int result, int error, listenfd_socket out,
                       int fd)
{
    if (!is_usual(result) && !is_code_by_fault(result)) {
        print_message("result %d (%s), usually %d\n", result, listenfd_strerror(result), usual);
        fail();
    }
    assert_int_equal(error, result == LISTENFD_ESYSTEM ? fault_error : UNTOUCHED);
    assert_int_equal(out, result == 1 ? fd : LISTENFD_INVALID_SOCKET);
    if (result != 1)
        assert_sentence(listenfd_message(lfd));
}

static void take_one(const void *argument)
{
    const struct taking *taking = argument;
    struct open_descriptors descriptors;
    int fd, peer, result, error, again;
    listenfd_socket out = UNTOUCHED;
    struct listenfd *lfd = receive_one(taking->passed, taking->flags, &fd, &peer);

    look_at_descriptors(&descriptors);
    WITH_FAULT(result = taking->take(lfd, 0, &out));
    error = errno;
    check_take(lfd, result, error, out, fd);
    assert_same_descriptors(&descriptors);

    again = result == 1 ? 1 : taking->take(lfd, 0, &out); /* it stays in place */
    assert_int_equal(again, usual);
    listenfd_free(lfd);
    assert_int_equal(is_open_descriptor(fd), again == 1 || (taking->flags & LISTENFD_KEEP) != 0);
    close(fd);
    if (peer >= 0)
        close(peer);
}

static void test_taking(void **state)
{
    static const unsigned modes[] = {0, LISTENFD_NONBLOCK, LISTENFD_BLOCK, LISTENFD_KEEP};

    (void)state;
    for (size_t i = 0; i < PASSED_KINDS; i++)
        for (size_t j = 0; j < TAKE_CALLS; j++)
            for (size_t k = 0; k < sizeof modes / sizeof modes[0]; k++) {
                struct taking taking = {&passed_kinds[i], take_calls[j], modes[k]};
                fail_everything(passed_kinds[i].name, take_one, &taking);
            }
}

/* ---- find, describe ---- */

static void find_address(struct listenfd *lfd, const char *address)
{
    size_t index = 0;

    WITH_FAULT(index = listenfd_find_address(lfd, address, 0));
    assert_int_equal(errno, UNTOUCHED);
    assert_true(index == LISTENFD_NOT_FOUND || index == 0);
    if (index == LISTENFD_NOT_FOUND)
        assert_sentence(listenfd_message(lfd));
}

static void find_and_describe(const void *argument)
{
    struct open_descriptors descriptors;
    char text[128], address[128], *path = path_in(folder, "passed");
    int fd, peer, length;
    struct listenfd *lfd = receive_one(argument, 0, &fd, &peer);

    look_at_descriptors(&descriptors);
    length = listenfd_describe(lfd, 0, text, sizeof text);
    assert_int_equal(length, strlen(text));
    snprintf(address, sizeof address, "%s", strrchr(text, ' ') ? strrchr(text, ' ') + 1 : "/");

    WITH_FAULT(length = listenfd_describe(lfd, 0, text, sizeof text));
    assert_int_equal(errno, UNTOUCHED);
    assert_int_equal(length, strlen(text));
    assert_true(length > 0);
    find_address(lfd, address);
    find_address(lfd, path);
    find_address(lfd, "@none");
    find_address(lfd, ":1");
    assert_same_descriptors(&descriptors);

    listenfd_free(lfd);
    if (peer >= 0)
        close(peer);
    free(path);
}

static void test_finding_and_describing(void **state)
{
    (void)state;
    for (size_t i = 0; i < PASSED_KINDS; i++)
        fail_everything(passed_kinds[i].name, find_and_describe, &passed_kinds[i]);
}

/* ---- Binding our own ---- */

static const unsigned binding_flags[] = {0, LISTENFD_NONBLOCK, LISTENFD_BLOCK};

struct binding {
    const char *address;
    unsigned flags;
    void (*prepare)(const char *path); /* what stands at the path */
    int may_be_gone;                   /* when binding failed */
};

/* 0, EINUSE or ESYSTEM, or what it is without a fault; with the error that the system gave. */
static void check_bind(struct listenfd *lfd, int result, int error, listenfd_socket out)
{
    if (!fault_error)
        usual_error = error;
    if (result == LISTENFD_ESYSTEM)
        assert_true(error == fault_error || error == usual_error);
    else if (result == LISTENFD_EINUSE)
        assert_int_equal(error, EADDRINUSE);
    else
        assert_int_equal(error, UNTOUCHED);
    if (!is_usual(result))
        assert_true(result == LISTENFD_ESYSTEM ||
                    (result == LISTENFD_EINUSE && fault_error == EADDRINUSE));
    assert_int_equal(out == LISTENFD_INVALID_SOCKET, result < 0);
    if (result < 0)
        assert_sentence(listenfd_message(lfd));
}

static void check_bound_socket(int fd, unsigned flags)
{
    int listens = 0;
    socklen_t size = sizeof listens;

    assert_true(is_cloexec(fd));
    assert_int_equal(is_nonblocking(fd), flags == LISTENFD_NONBLOCK);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size), 0);
    assert_int_equal(listens, 1);
    close(fd);
}

static void bind_tcp(const void *argument)
{
    const struct binding *binding = argument;
    struct open_descriptors descriptors;
    listenfd_socket out = UNTOUCHED;
    struct listenfd *lfd;
    int result;

    clear_variables();
    lfd = listenfd_from_env(binding->flags);
    look_at_descriptors(&descriptors);
    WITH_FAULT(result = listenfd_take_or_bind(lfd, 0, binding->address, &out));
    check_bind(lfd, result, errno, out);
    if (result == LISTENFD_BOUND)
        check_bound_socket(out, binding->flags);
    assert_same_descriptors(&descriptors);
    listenfd_free(lfd);
}

static void test_binding_tcp(void **state)
{
    char in_use[32];
    int holder = internet_socket(SOCK_STREAM, "127.0.0.1");
    const char *addresses[] = {"127.0.0.1:0", "[::1]:0", "[::]:0", ":0", in_use, "localhost:0"};

    (void)state;
    snprintf(in_use, sizeof in_use, "127.0.0.1:%d", port_of_socket(holder));
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        for (size_t j = 0; j < sizeof binding_flags / sizeof binding_flags[0]; j++) {
            struct binding binding = {addresses[i], binding_flags[j], NULL, 0};
            fail_everything(addresses[i], bind_tcp, &binding);
        }
    close(holder);
}

static void nothing_there(const char *path)
{
    (void)path;
}

static void a_dead_socket_there(const char *path)
{
    close(unix_socket(SOCK_STREAM, path));
}

static void a_file_there(const char *path)
{
    write_file(path, "precious");
}

static int live_listener = -1;

static void a_live_server_there(const char *path)
{
    live_listener = unix_socket(SOCK_STREAM, path);
}

/* What stood there and was not ours, still does; and what we bound is gone. */
static void check_path(const struct binding *binding, const struct stat *before, int was_there)
{
    struct stat now;
    int is_there = lstat(binding->address, &now) == 0;

    if (is_there) {
        assert_true(was_there);
        assert_int_equal(now.st_ino, before->st_ino);
        assert_int_equal(now.st_mode, before->st_mode);
    } else {
        assert_true(!was_there || binding->may_be_gone);
    }
}

static void bind_unix(const void *argument)
{
    const struct binding *binding = argument;
    struct open_descriptors descriptors;
    listenfd_socket out = UNTOUCHED;
    struct stat before;
    struct listenfd *lfd;
    int result, was_there;

    clear_variables();
    lfd = listenfd_from_env(binding->flags);
    binding->prepare(binding->address);
    was_there = lstat(binding->address, &before) == 0;
    look_at_descriptors(&descriptors);
    WITH_FAULT(result = listenfd_take_or_bind(lfd, 0, binding->address, &out));
    /* A dead server that cannot be looked at, or removed, is in the way. */
    if (!(result == LISTENFD_EINUSE && was_there && fault_error))
        check_bind(lfd, result, errno, out);
    else
        assert_int_equal(errno, EADDRINUSE);
    if (result == LISTENFD_BOUND)
        check_bound_socket(out, binding->flags);
    else
        check_path(binding, &before, was_there);
    assert_same_descriptors(&descriptors);
    listenfd_free(lfd);
    unlink(binding->address);
    if (live_listener >= 0)
        close(live_listener);
    live_listener = -1;
}

static void test_binding_unix(void **state)
{
    char *path = path_in(folder, "bound");
    const struct binding bindings[] = {
        {path, 0, nothing_there, 0},
        {path, 0, a_dead_socket_there, 1},
        {path, 0, a_live_server_there, 0},
        {path, 0, a_file_there, 0},
        {abstract_name("bound"), 0, nothing_there, 0},
        {"/nowhere/at/all", 0, nothing_there, 0},
        {"", 0, nothing_there, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bindings / sizeof bindings[0]; i++)
        for (size_t j = 0; j < sizeof binding_flags / sizeof binding_flags[0]; j++) {
            struct binding binding = bindings[i];
            binding.flags = binding_flags[j];
            fail_everything(binding.address, bind_unix, &binding);
        }
    free(path);
}

/* ---- All ---- */

static int create_folder(void **state)
{
    (void)state;
    folder = folder_create();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    print_message("%zu faults\n", faults_tried);
    folder_remove(folder);
    return 0;
}

#define TEST(function) cmocka_unit_test_teardown(function, print_fault)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reading),     TEST(test_freeing),
        TEST(test_taking),      TEST(test_finding_and_describing),
        TEST(test_binding_tcp), TEST(test_binding_unix),
    };

    return cmocka_run_group_tests(tests, create_folder, remove_folder);
}
