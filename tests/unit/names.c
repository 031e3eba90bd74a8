/* SPDX-License-Identifier: MIT
 * Names: what listenfd_name tells and listenfd_find_name finds. */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t NONE = LISTENFD_NOT_FOUND;

static size_t find(struct listenfd *lfd, const char *name, size_t from)
{
    size_t index;

    errno = 4711;
    index = listenfd_find_name(lfd, name, from);
    assert_int_equal(errno, 4711);
    return index;
}

static void take(struct listenfd *lfd, size_t index)
{
    listenfd_socket fd;

    assert_int_equal(listenfd_take_tcp_listener(lfd, index, &fd), 1);
    close(fd);
}

static struct listenfd *pass_named(size_t count, const char *names)
{
    pass_listeners(count, names);
    return receive_passed(0);
}

static void test_without_names(void **state)
{
    struct listenfd *lfd = pass_named(2, NULL);

    (void)state;
    assert_string_equal(listenfd_name(lfd, 0), "unknown");
    assert_string_equal(listenfd_name(lfd, 1), "unknown");
    assert_int_equal(find(lfd, "unknown", 0), 0);
    assert_int_equal(find(lfd, "unknown", 1), 1);
    assert_true(find(lfd, "", 0) == NONE);
    listenfd_free(lfd);
}

static void test_three_names(void **state)
{
    struct listenfd *lfd = pass_named(3, "web:admin:metrics");

    (void)state;
    assert_string_equal(listenfd_name(lfd, 0), "web");
    assert_string_equal(listenfd_name(lfd, 1), "admin");
    assert_string_equal(listenfd_name(lfd, 2), "metrics");
    assert_int_equal(find(lfd, "web", 0), 0);
    assert_int_equal(find(lfd, "admin", 0), 1);
    assert_int_equal(find(lfd, "metrics", 0), 2);
    listenfd_free(lfd);
}

static void test_past_the_end(void **state)
{
    struct listenfd *lfd = pass_named(1, "web");

    (void)state;
    assert_null(listenfd_name(lfd, 1));
    assert_null(listenfd_name(lfd, LISTENFD_NOT_FOUND));
    listenfd_free(lfd);
}

static void test_only_whole_names(void **state)
{
    static const char *const names[] = {"we",   "webs",          "WEB",      "web ",
                                        "web:", "web:webserver", "webserve", "webserver:"};
    struct listenfd *lfd = pass_named(2, "web:webserver");

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_true(find(lfd, names[i], 0) == NONE);
    assert_int_equal(find(lfd, "webserver", 0), 1);
    listenfd_free(lfd);
}

static void test_empty_names(void **state)
{
    struct listenfd *lfd = pass_named(4, ":a::");

    (void)state;
    assert_string_equal(listenfd_name(lfd, 0), "");
    assert_string_equal(listenfd_name(lfd, 1), "a");
    assert_string_equal(listenfd_name(lfd, 2), "");
    assert_string_equal(listenfd_name(lfd, 3), "");
    assert_int_equal(find(lfd, "", 0), 0);
    assert_int_equal(find(lfd, "", 1), 2);
    assert_int_equal(find(lfd, "", 3), 3);
    listenfd_free(lfd);
}

static void test_one_empty_name(void **state)
{
    struct listenfd *lfd = pass_named(1, "");

    (void)state;
    assert_string_equal(listenfd_name(lfd, 0), "");
    assert_int_equal(find(lfd, "", 0), 0);
    assert_true(find(lfd, "unknown", 0) == NONE);
    listenfd_free(lfd);
}

static void test_bytes_are_taken_as_they_are(void **state)
{
    struct listenfd *lfd = pass_named(3, "käse: x =%s\n:\xff");

    (void)state;
    assert_string_equal(listenfd_name(lfd, 0), "käse");
    assert_string_equal(listenfd_name(lfd, 1), " x =%s\n");
    assert_string_equal(listenfd_name(lfd, 2), "\xff");
    assert_int_equal(find(lfd, " x =%s\n", 0), 1);
    listenfd_free(lfd);
}

/* systemd-socket-activate --fdname gives all sockets one name. */
static void test_same_names(void **state)
{
    struct listenfd *lfd = pass_named(4, "web:admin:web:web");

    (void)state;
    assert_int_equal(find(lfd, "web", 0), 0);
    assert_int_equal(find(lfd, "web", 1), 2);
    assert_int_equal(find(lfd, "web", 2), 2);
    assert_int_equal(find(lfd, "web", 3), 3);
    assert_true(find(lfd, "web", 4) == NONE);
    assert_true(find(lfd, "web", LISTENFD_NOT_FOUND) == NONE);
    assert_true(find(lfd, "admin", 2) == NONE);
    listenfd_free(lfd);
}

static void test_taken_are_skipped(void **state)
{
    struct listenfd *lfd = pass_named(3, "web:admin:web");

    (void)state;
    take(lfd, find(lfd, "web", 0));
    assert_int_equal(find(lfd, "web", 0), 2);
    take(lfd, 2);
    assert_true(find(lfd, "web", 0) == NONE);
    assert_string_equal(listenfd_name(lfd, 0), "web"); /* a taken socket keeps its name */
    assert_string_equal(listenfd_name(lfd, 2), "web");
    listenfd_free(lfd);
}

static void test_names_outlive_the_variable(void **state)
{
    struct listenfd *lfd = pass_named(2, "web:admin");

    (void)state;
    setenv("LISTEN_FDNAMES", "xxxxxxxxx", 1);
    assert_string_equal(listenfd_name(lfd, 0), "web");
    assert_string_equal(listenfd_name(lfd, 1), "admin");
    listenfd_free(lfd);
    clear_variables();
}

static void test_message_when_not_found(void **state)
{
    struct listenfd *lfd = pass_named(2, "web:admin");
    listenfd_socket fd = 4711;

    (void)state;
    assert_true(find(lfd, "metrics", 0) == NONE);
    assert_non_null(strstr(listenfd_message(lfd), "none of the 2 sockets"));
    assert_non_null(strstr(listenfd_message(lfd), "'metrics'"));
    assert_int_equal(listenfd_take_tcp_listener(lfd, NONE, &fd), 0);
    assert_non_null(strstr(listenfd_message(lfd), "'metrics'")); /* still the reason */
    listenfd_free(lfd);
}

static void test_nothing_to_find(void **state)
{
    struct listenfd *lfd;

    (void)state;
    clear_variables();
    lfd = listenfd_from_env(0);
    assert_true(find(lfd, "unknown", 0) == NONE);
    assert_non_null(strstr(listenfd_message(lfd), "LISTEN_FDS is not set"));
    listenfd_free(lfd);
}

static void test_name_is_null(void **state)
{
    struct listenfd *lfd = pass_named(1, NULL);

    (void)state;
    assert_true(find(lfd, NULL, 0) == NONE);
    assert_string_not_equal(listenfd_message(lfd), "");
    listenfd_free(lfd);
}

static int prepare(void **state)
{
    (void)state;
    clear_variables();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_names),
        cmocka_unit_test(test_three_names),
        cmocka_unit_test(test_past_the_end),
        cmocka_unit_test(test_only_whole_names),
        cmocka_unit_test(test_empty_names),
        cmocka_unit_test(test_one_empty_name),
        cmocka_unit_test(test_bytes_are_taken_as_they_are),
        cmocka_unit_test(test_same_names),
        cmocka_unit_test(test_taken_are_skipped),
        cmocka_unit_test(test_names_outlive_the_variable),
        cmocka_unit_test(test_message_when_not_found),
        cmocka_unit_test(test_nothing_to_find),
        cmocka_unit_test(test_name_is_null),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
