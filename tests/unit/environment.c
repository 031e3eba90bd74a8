/* SPDX-License-Identifier: MIT
 * What from_env makes of every environment, and what it changes in the process. */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* One descriptor is open at FIRST; a variable that is NULL is unset. */
struct environment {
    const char *fds, *pid, *names, *first_fd, *pidfdid;
    int status;
    const char *message; /* a part of it */
};

static const char FIRST[] = "(first)", OWN[] = "(own)";

static void set(const char *name, const char *value, const char *meaning)
{
    if (value == FIRST || value == OWN)
        value = meaning;
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void assert_no_variables(void)
{
    assert_null(getenv("LISTEN_FDS"));
    assert_null(getenv("LISTEN_PID"));
    assert_null(getenv("LISTEN_PIDFDID"));
    assert_null(getenv("LISTEN_FDNAMES"));
    assert_null(getenv("LISTEN_FDS_FIRST_FD"));
}

static void check_environment(const struct environment *row)
{
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1"), first, fd;
    char first_text[16], inode[24];
    struct listenfd *lfd;

    clear_variables();
    first = pass_one(listener);
    snprintf(first_text, sizeof first_text, "%d", first);
    snprintf(inode, sizeof inode, "%llu", own_pidfd_inode());
    set("LISTEN_FDS", row->fds, NULL);
    set("LISTEN_PID", row->pid, own_pid());
    set("LISTEN_FDNAMES", row->names, NULL);
    set("LISTEN_FDS_FIRST_FD", row->first_fd, first_text);
    set("LISTEN_PIDFDID", row->pidfdid, inode);

    errno = 4711;
    lfd = listenfd_from_env(0);
    assert_int_equal(errno, 4711);
    assert_non_null(lfd);
    if (listenfd_status(lfd) != row->status || !strstr(listenfd_message(lfd), row->message))
        print_message("status %d, expected %d; message '%s', expected '%s'\n", listenfd_status(lfd),
                      row->status, listenfd_message(lfd), row->message);
    assert_int_equal(listenfd_status(lfd), row->status);
    assert_non_null(strstr(listenfd_message(lfd), row->message));
    assert_no_variables();

    assert_int_equal(listenfd_count(lfd), row->status == LISTENFD_PASSED);
    assert_int_equal(is_cloexec(first), row->status == LISTENFD_PASSED);
    if (row->status != LISTENFD_PASSED) {
        assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd),
                         row->status < 0 ? row->status : 0);
        assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    }
    listenfd_free(lfd);
    assert_int_equal(is_open_descriptor(first), row->status != LISTENFD_PASSED);
    close(first);
}

#define CHECK(...) check_environment(&(struct environment){__VA_ARGS__})

static void test_nothing_passed(void **state)
{
    (void)state;
    CHECK(NULL, NULL, NULL, FIRST, NULL, LISTENFD_NONE, "LISTEN_FDS is not set");
    CHECK(NULL, OWN, "a", FIRST, "5", LISTENFD_NONE, "LISTEN_FDS is not set");
    CHECK("0", NULL, NULL, FIRST, NULL, LISTENFD_NONE, "LISTEN_FDS is 0");
    CHECK("0", OWN, NULL, FIRST, NULL, LISTENFD_NONE, "LISTEN_FDS is 0");
}

static void test_passed(void **state)
{
    (void)state;
    CHECK("1", NULL, NULL, FIRST, NULL, LISTENFD_PASSED, "");
    CHECK("1", "", NULL, FIRST, NULL, LISTENFD_PASSED, "");
    CHECK("1", OWN, NULL, FIRST, NULL, LISTENFD_PASSED, "");
    CHECK("0001", OWN, NULL, FIRST, NULL, LISTENFD_PASSED, "");
    CHECK("1", OWN, "web", FIRST, NULL, LISTENFD_PASSED, "");
    CHECK("1", OWN, "", FIRST, NULL, LISTENFD_PASSED, "");
}

static void test_malformed_count(void **state)
{
    static const char *const values[] = {
        "",    " 1",  "1 ",  "+1",  "-1",  "-0", "1x",         "0x1",
        "1.0", "one", "1\n", "1,2", "\t1", "½",  "2147483648", "9999999999999999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        CHECK(values[i], OWN, NULL, FIRST, NULL, LISTENFD_EFDS, "LISTEN_FDS is '");
    CHECK("2147483647", OWN, NULL, "3", NULL, LISTENFD_EFDS, "LISTEN_FDS is 2147483647");
}

static void test_count_beyond_open_descriptors(void **state)
{
    (void)state;
    CHECK("2147483000", OWN, NULL, FIRST, NULL, LISTENFD_ECLOSED, "is not open");
    CHECK("3", OWN, NULL, FIRST, NULL, LISTENFD_ECLOSED, "LISTEN_FDS is 3");
    CHECK("1", OWN, NULL, "2147483647", NULL, LISTENFD_ECLOSED, "2147483647 is not open");
    CHECK("1", OWN, NULL, "900", NULL, LISTENFD_ECLOSED, "900 is not open");
}

static void test_malformed_first_fd(void **state)
{
    static const char *const values[] = {"", "-1", "+3", "3 ", "x", "2147483648", "0", "1", "2"};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        CHECK("1", OWN, NULL, values[i], NULL, LISTENFD_EFIRSTFD, "LISTEN_FDS_FIRST_FD is '");
}

static void test_other_process(void **state)
{
    (void)state;
    CHECK("1", "1", NULL, FIRST, NULL, LISTENFD_OTHER_PROCESS, "LISTEN_PID is 1 but");
    CHECK("1", "1", NULL, FIRST, NULL, LISTENFD_OTHER_PROCESS, "--no-pid");
    CHECK("1", "2147483647", NULL, FIRST, NULL, LISTENFD_OTHER_PROCESS,
          "that process has ended; call listenfd_from_env before this program goes into the");
    CHECK("junk", "1", NULL, FIRST, NULL, LISTENFD_OTHER_PROCESS, "LISTEN_PID is 1 but");
    CHECK("1", "1", "a:b:c", FIRST, "junk", LISTENFD_OTHER_PROCESS, "LISTEN_PID is 1 but");
}

static void test_malformed_pid(void **state)
{
    static const char *const values[] = {"0", "-1", " 1", "1x", "self", "2147483648"};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        CHECK("1", values[i], NULL, FIRST, NULL, LISTENFD_EPID, "LISTEN_PID is '");
}

static void test_names(void **state)
{
    (void)state;
    CHECK("1", OWN, "a:b", FIRST, NULL, LISTENFD_ENAMES, "2 names ('a:b') for 1 sockets");
    CHECK("1", OWN, ":", FIRST, NULL, LISTENFD_ENAMES, "2 names");
}

/* Elsewhere the variable is not looked at: not on other systems, not before Linux 6.9. */
static int have_pidfs(void)
{
#ifdef __linux__
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    struct statfs system;
    int have = pidfd >= 0 && fstatfs(pidfd, &system) == 0 && system.f_type == 0x50494446;

    close(pidfd);
    return have;
#else
    return 0;
#endif
}

static void test_pidfdid(void **state)
{
    int have = have_pidfs(), status = have ? LISTENFD_OTHER_PROCESS : LISTENFD_PASSED;

    (void)state;
    CHECK("1", OWN, NULL, FIRST, OWN, LISTENFD_PASSED, "");
    CHECK("1", OWN, NULL, FIRST, "1", status, have ? "LISTEN_PIDFDID is 1," : "");
    CHECK("1", NULL, NULL, FIRST, "18446744073709551615", status,
          have ? "LISTEN_PIDFDID is 18446744073709551615," : "");
}

static void test_malformed_pidfdid(void **state)
{
    static const char *const values[] = {"", "x", "-1", "1 ", "18446744073709551616"};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        CHECK("1", OWN, NULL, FIRST, values[i], LISTENFD_EPIDFDID, "LISTEN_PIDFDID is '");
}

static void test_message_is_one_line(void **state)
{
    (void)state;
    CHECK("1\nforged: line\033[2J", OWN, NULL, FIRST, NULL, LISTENFD_EFDS, "1?forged: line?[2J");
}

/* As for getenv(3). All are removed. */
static void test_first_of_two_counts(void **state)
{
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    char first[40], fds[] = "LISTEN_FDS=1", more[] = "LISTEN_FDS=7", longer[] = "LISTEN_FDSX=1";
    char *variables[] = {longer, first, fds, more, NULL}, **before;
    struct listenfd *lfd;

    (void)state;
    clear_variables();
    snprintf(first, sizeof first, "LISTEN_FDS_FIRST_FD=%d", pass_one(listener));
    before = environ;
    environ = variables;
    lfd = listenfd_from_env(0);
    environ = before;
    assert_int_equal(listenfd_count(lfd), 1);
    assert_ptr_equal(variables[0], longer);
    assert_null(variables[1]);
    listenfd_free(lfd);
    close(listener);
}

/* What clearenv(3) leaves. */
static void test_no_environment(void **state)
{
    char **before = environ;
    struct listenfd *lfd;

    (void)state;
    environ = NULL;
    lfd = listenfd_from_env(0);
    environ = before;
    assert_int_equal(listenfd_status(lfd), LISTENFD_NONE);
    listenfd_free(lfd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_passed),
        cmocka_unit_test(test_passed),
        cmocka_unit_test(test_malformed_count),
        cmocka_unit_test(test_count_beyond_open_descriptors),
        cmocka_unit_test(test_malformed_first_fd),
        cmocka_unit_test(test_other_process),
        cmocka_unit_test(test_malformed_pid),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_pidfdid),
        cmocka_unit_test(test_malformed_pidfdid),
        cmocka_unit_test(test_message_is_one_line),
        cmocka_unit_test(test_first_of_two_counts),
        cmocka_unit_test(test_no_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
