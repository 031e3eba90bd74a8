/* SPDX-License-Identifier: MIT
 * Many times, and nothing is left: no descriptor, no memory. Built without sanitizers, which
 * keep freed memory. */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CYCLES = 10000, WARM_UP = 100 };

static int listener;

/* What this process holds. */
struct belongings {
    size_t descriptors;
    size_t allocated;   /* by those who called malloc */
    size_t from_system; /* by malloc itself */
    long resident_kb;
};

/* smaps_rollup counts pages; the sums in /proc/self/status are only about right. */
static long resident_kb(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long kb = -1;

    assert_non_null(file);
    while (kb < 0 && fgets(line, sizeof line, file))
        sscanf(line, "Rss: %ld kB", &kb);
    fclose(file);
    assert_true(kb > 0);
    return kb;
}

static struct belongings take_stock(void)
{
    struct belongings now;
    struct mallinfo2 info = mallinfo2();

    now.descriptors = count_descriptors();
    now.resident_kb = resident_kb();
    now.allocated = info.uordblks + info.hblkhd;
    now.from_system = info.arena + info.hblkhd;
    return now;
}

/* A kilobyte lost each time would be ten megabytes. */
static void check_cycles(void (*cycle)(int number))
{
    struct belongings before, after;

    for (int i = 0; i < WARM_UP; i++)
        cycle(i);
    take_stock(); /* whatever that allocates for good */
    before = take_stock();
    for (int i = 0; i < CYCLES; i++)
        cycle(i);
    after = take_stock();
    assert_int_equal(after.descriptors, before.descriptors);
    assert_int_equal(after.allocated, before.allocated);
    assert_int_equal(after.from_system, before.from_system);
    if (after.resident_kb > before.resident_kb + 1024)
        fail_msg("%ld kB of memory before, %ld kB after", before.resident_kb, after.resident_kb);
}

static struct listenfd *pass_two(unsigned flags)
{
    int two[2] = {dup(listener), dup(listener)};

    pass(two, 2);
    setenv("LISTEN_FDNAMES", "web:admin", 1);
    return receive_passed(flags);
}

static void take_and_free(int number)
{
    struct listenfd *lfd = pass_two(0);
    listenfd_socket fd;

    assert_int_equal(listenfd_take_tcp_listener(lfd, (size_t)number % 2, &fd), 1);
    listenfd_free(lfd);
    close(fd);
}

static void test_take_and_free(void **state)
{
    (void)state;
    check_cycles(take_and_free);
}

/* Every way that ends in a message. */
static void fail_and_free(int number)
{
    struct listenfd *lfd = pass_two(number % 2 ? LISTENFD_NONBLOCK : 0);
    char text[64];
    listenfd_socket fd;

    assert_int_equal(listenfd_take_udp_socket(lfd, 0, &fd), LISTENFD_ETYPE);
    assert_int_equal(listenfd_take_unix_listener(lfd, 1, &fd), LISTENFD_EFAMILY);
    assert_true(listenfd_find_name(lfd, "none", 0) == LISTENFD_NOT_FOUND);
    assert_true(listenfd_find_address(lfd, "./none", 0) == LISTENFD_NOT_FOUND);
    assert_int_equal(listenfd_take_or_bind(lfd, LISTENFD_NOT_FOUND, "192.0.2.1:0", &fd),
                     LISTENFD_ESYSTEM);
    assert_true(listenfd_describe(lfd, 0, text, sizeof text) > 0);
    listenfd_free(lfd);
}

static void test_fail_and_free(void **state)
{
    (void)state;
    check_cycles(fail_and_free);
}

static void bind_and_close(int number)
{
    listenfd_socket fd;

    (void)number;
    assert_int_equal(listenfd_take_or_bind(NULL, 0, abstract_name("cycle"), &fd), LISTENFD_BOUND);
    close(fd);
}

static void test_bind_and_close(void **state)
{
    (void)state;
    check_cycles(bind_and_close);
}

static void refuse_and_free(int number)
{
    static const char *const counts[] = {"x", "-1", "2147483647", "", "0"};
    struct listenfd *lfd;

    clear_variables();
    setenv("LISTEN_FDS", counts[number % 5], 1);
    lfd = listenfd_from_env(0);
    assert_int_not_equal(listenfd_status(lfd), LISTENFD_PASSED);
    listenfd_free(lfd);
}

static void test_refuse_and_free(void **state)
{
    (void)state;
    check_cycles(refuse_and_free);
}

static int open_listener(void **state)
{
    (void)state;
    clear_variables();
    listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    return 0;
}

static int close_listener(void **state)
{
    (void)state;
    return close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_and_free),
        cmocka_unit_test(test_fail_and_free),
        cmocka_unit_test(test_bind_and_close),
        cmocka_unit_test(test_refuse_and_free),
    };

    return cmocka_run_group_tests(tests, open_listener, close_listener);
}
