/* SPDX-License-Identifier: MIT
 * Many sockets, and no descriptor free. (Many times: tests/life/cycles.c) */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MANY = 4096 };

static struct rlimit original;

static void limit_descriptors(rlim_t soft)
{
    struct rlimit limit = {soft, original.rlim_max};

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int raise_limit(void **state)
{
    (void)state;
    clear_variables();
    getrlimit(RLIMIT_NOFILE, &original);
    limit_descriptors(original.rlim_max);
    return 0;
}

static int restore_limit(void **state)
{
    (void)state;
    limit_descriptors(original.rlim_cur);
    return 0;
}

/* That many descriptors of one listener. */
static int pass_many(size_t count)
{
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1"), *all = calloc(count, sizeof *all);
    int first;

    assert_non_null(all);
    for (size_t i = 0; i < count; i++) {
        all[i] = dup(listener);
        assert_true(all[i] >= 0);
    }
    first = pass(all, count);
    free(all);
    close(listener);
    return first;
}

static void take_one_of_many(struct listenfd *lfd, size_t index, int expected)
{
    listenfd_socket fd;

    assert_true(is_cloexec(expected));
    assert_int_equal(listenfd_take_tcp_listener(lfd, index, &fd), 1);
    assert_int_equal(fd, expected);
}

static void test_many_at_once(void **state)
{
    size_t before = count_descriptors();
    struct listenfd *lfd;
    int first;

    (void)state;
    if (original.rlim_max < 2 * MANY + 200)
        skip_because("the hard limit on descriptors is below %d", 2 * MANY + 200);
    first = pass_many(MANY);
    lfd = receive_passed(0);
    assert_int_equal(listenfd_count(lfd), MANY);
    for (int i = MANY - 1; i >= 0; i--)
        if (i % 4) /* free closes every fourth */
            take_one_of_many(lfd, (size_t)i, first + i);
    listenfd_free(lfd);
    for (int i = 0; i < MANY; i++)
        if (i % 4)
            assert_int_equal(close(first + i), 0);
    assert_int_equal(count_descriptors(), before);
}

static void test_one_gap_in_many(void **state)
{
    int first = pass_many(100);
    char part[64];
    struct listenfd *lfd;

    (void)state;
    close(first + 57);
    snprintf(part, sizeof part, "%d is not open", first + 57);
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_status(lfd), LISTENFD_ECLOSED);
    assert_non_null(strstr(listenfd_message(lfd), part));
    listenfd_free(lfd);
    for (int i = 0; i < 100; i++)
        if (i != 57) {
            assert_false(is_cloexec(first + i)); /* none of them was touched */
            close(first + i);
        }
}

/* What from_env opens itself, to look at LISTEN_PIDFDID, gets just the number that is missing. */
static void test_one_that_is_not_open(void **state)
{
    int free_number = dup(0);
    char number[24];
    struct listenfd *lfd;

    (void)state;
    close(free_number);
    for (int with_pidfdid = 0; with_pidfdid < 2; with_pidfdid++) {
        setenv("LISTEN_FDS", "1", 1);
        snprintf(number, sizeof number, "%d", free_number);
        setenv("LISTEN_FDS_FIRST_FD", number, 1);
        snprintf(number, sizeof number, "%llu", own_pidfd_inode());
        if (with_pidfdid)
            setenv("LISTEN_PIDFDID", number, 1);
        lfd = listenfd_from_env(0);
        assert_int_equal(listenfd_status(lfd), LISTENFD_ECLOSED);
        listenfd_free(lfd);
    }
}

/* ---- No descriptor is free ---- */

/* Four sockets are passed. The limit stands so many numbers beyond the first of them, and
 * every number below it is in use. */
struct shortage {
    int limit;
    int gap; /* this one of the four is closed; -1: none */
    int status;
};

/* Opens descriptors until there is no number left; returns how many. */
static size_t use_up(int *opened, size_t room)
{
    size_t count = 0;
    int fd;

    while ((fd = dup(0)) >= 0) {
        assert_true(count < room);
        opened[count++] = fd;
    }
    assert_int_equal(errno, EMFILE);
    return count;
}

static void check_shortage(const struct shortage *row, int with_pidfdid)
{
    int first = pass_many(4), opened[1024];
    size_t count;
    char inode[24];
    struct listenfd *lfd;

    snprintf(inode, sizeof inode, "%llu", own_pidfd_inode());
    if (with_pidfdid)
        setenv("LISTEN_PIDFDID", inode, 1);
    limit_descriptors((rlim_t)(first + row->limit));
    count = use_up(opened, 1024);
    if (row->gap >= 0)
        close(first + row->gap);
    lfd = listenfd_from_env(0);
    limit_descriptors(original.rlim_max);
    while (count > 0)
        close(opened[--count]);
    if (listenfd_status(lfd) != row->status)
        fail_msg("limit %d, gap %d: %s", row->limit, row->gap, listenfd_message(lfd));
    assert_int_equal(listenfd_count(lfd), row->status == LISTENFD_PASSED ? 4 : 0);
    for (int i = 0; i < 4; i++)
        if (i != row->gap)
            assert_int_equal(is_cloexec(first + i), row->status == LISTENFD_PASSED);
    listenfd_free(lfd);
    for (int i = 0; i < 4; i++)
        close(first + i);
}

static void check_shortages(const struct shortage *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_shortage(&rows[i], 0);
        check_shortage(&rows[i], 1);
    }
}

static void test_no_descriptor_is_free(void **state)
{
    static const struct shortage rows[] = {
        {4, -1, LISTENFD_PASSED}, {2, -1, LISTENFD_PASSED}, {0, -1, LISTENFD_PASSED},
        {4, 0, LISTENFD_ECLOSED}, {4, 2, LISTENFD_ECLOSED}, {4, 3, LISTENFD_ECLOSED},
        {2, 1, LISTENFD_ECLOSED}, {2, 3, LISTENFD_ECLOSED}, {0, 3, LISTENFD_ECLOSED},
    };

    (void)state;
    check_shortages(rows, sizeof rows / sizeof rows[0]);
}

/* setrlimit(2) leaves open what stands above the new limit. */
static void test_gap_above_the_limit(void **state)
{
    static const struct shortage rows[] = {
        {2, 2, LISTENFD_ECLOSED},
        {0, 0, LISTENFD_ECLOSED},
        {0, 2, LISTENFD_ECLOSED},
    };

    (void)state;
    check_shortages(rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_at_once),         cmocka_unit_test(test_one_gap_in_many),
        cmocka_unit_test(test_one_that_is_not_open), cmocka_unit_test(test_no_descriptor_is_free),
        cmocka_unit_test(test_gap_above_the_limit),
    };

    return cmocka_run_group_tests(tests, raise_limit, restore_limit);
}
