/* SPDX-License-Identifier: MIT
 * Memory: one allocation in from_env, none after it, and what happens when there is none.
 * The linker puts the functions below in the place of malloc and its kin (tests.mk). */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t calls, bytes;
static int is_out_of_memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int allow(size_t size)
{
    calls++;
    bytes += size;
    if (is_out_of_memory)
        errno = ENOMEM;
    return !is_out_of_memory;
}

void *__wrap_malloc(size_t size)
{
    return allow(size) ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return allow(count * size) ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    return allow(size) ? __real_realloc(old, size) : NULL;
}

static struct listenfd *counted_from_env(void)
{
    calls = bytes = 0;
    return listenfd_from_env(0);
}

static void check_count(size_t count, const char *names)
{
    struct listenfd *lfd;

    pass_listeners(count, names);
    lfd = counted_from_env();
    assert_int_equal(listenfd_status(lfd), LISTENFD_PASSED);
    assert_int_equal(calls, 1);
    assert_true(bytes < 1024 + 64 * count);
    listenfd_free(lfd);
}

static void test_one_allocation(void **state)
{
    (void)state;
    check_count(1, NULL);
    check_count(1, "web");
    check_count(3, "web:admin:metrics");
    check_count(100, NULL);
}

static void check_malformed(const char *fds)
{
    struct listenfd *lfd;

    pass_listeners(1, NULL);
    setenv("LISTEN_FDS", fds, 1);
    lfd = counted_from_env();
    assert_int_not_equal(listenfd_status(lfd), LISTENFD_PASSED);
    assert_int_equal(calls, 1);
    assert_true(bytes < 1024);
    listenfd_free(lfd);
}

static void test_a_count_is_not_believed(void **state)
{
    (void)state;
    check_malformed("2147483000");
    check_malformed("2147483647");
    check_malformed("1000000");
    check_malformed("x");
    check_malformed("0");
}

/* Every call that reads, takes, binds or explains. */
static void use(struct listenfd *lfd)
{
    char text[64];
    listenfd_socket fd;

    listenfd_describe(lfd, 0, text, sizeof text);
    assert_true(listenfd_find_name(lfd, "none", 0) == LISTENFD_NOT_FOUND);
    assert_true(listenfd_find_address(lfd, ":1", 0) == LISTENFD_NOT_FOUND);
    assert_true(listenfd_find_address(lfd, "./none", 0) == LISTENFD_NOT_FOUND);
    assert_int_equal(listenfd_take_udp_socket(lfd, 0, &fd), LISTENFD_ETYPE);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "127.0.0.1:0", &fd), LISTENFD_TAKEN);
    close(fd);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "127.0.0.1:0", &fd), LISTENFD_BOUND);
    close(fd);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "192.0.2.1:0", &fd), LISTENFD_ESYSTEM);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "/", &fd), LISTENFD_EINUSE);
    assert_int_equal(listenfd_notify("RELOADING=1"), 0);
    assert_int_equal(listenfd_watchdog(NULL), 0);
    assert_non_null(listenfd_message(lfd));
}

static void test_no_allocation_afterwards(void **state)
{
    struct listenfd *lfd;

    (void)state;
    pass_listeners(1, "web");
    lfd = receive_passed(0);
    is_out_of_memory = 1;
    calls = 0;
    use(lfd);
    is_out_of_memory = 0;
    assert_int_equal(calls, 0);
    listenfd_free(lfd);
}

static void check_out_of_memory(unsigned flags)
{
    int first = pass_listeners(2, "a:b"), kept = (flags & LISTENFD_KEEP) != 0;
    struct listenfd *lfd;

    errno = 4711;
    is_out_of_memory = 1;
    lfd = listenfd_from_env(flags);
    is_out_of_memory = 0;
    assert_null(lfd);
    assert_int_equal(errno, 4711);
    assert_int_equal(getenv("LISTEN_FDS") != NULL, kept);
    assert_int_equal(getenv("LISTEN_FDNAMES") != NULL, kept);
    assert_int_equal(getenv("LISTEN_FDS_FIRST_FD") != NULL, kept);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(is_cloexec(first + i), !kept);
        close(first + i);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    check_out_of_memory(0);
    check_out_of_memory(LISTENFD_NONBLOCK);
    check_out_of_memory(LISTENFD_KEEP);
}

static void test_out_of_memory_with_wrong_flags(void **state)
{
    (void)state;
    clear_variables();
    setenv("LISTEN_FDS", "1", 1);
    is_out_of_memory = 1;
    assert_null(listenfd_from_env(LISTENFD_BLOCK | LISTENFD_NONBLOCK));
    is_out_of_memory = 0;
    assert_null(getenv("LISTEN_FDS"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_allocation),
        cmocka_unit_test(test_a_count_is_not_believed),
        cmocka_unit_test(test_no_allocation_afterwards),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_out_of_memory_with_wrong_flags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
