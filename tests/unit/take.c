/* SPDX-License-Identifier: MIT
 * The rules that every take follows: once each, modes, errno, and who closes what. */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_none(struct listenfd *lfd, size_t index)
{
    listenfd_socket fd = 4711;

    errno = 4712;
    assert_int_equal(listenfd_take_tcp_listener(lfd, index, &fd), 0);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_int_equal(errno, 4712);
}

static int take_tcp(struct listenfd *lfd, size_t index)
{
    listenfd_socket fd;

    errno = 4712;
    assert_int_equal(listenfd_take_tcp_listener(lfd, index, &fd), 1);
    assert_int_equal(errno, 4712);
    return fd;
}

/* ---- Once each ---- */

static void test_each_once_in_any_order(void **state)
{
    int first = pass_listeners(3, NULL);
    struct listenfd *lfd = receive_passed(0);

    (void)state;
    assert_int_equal(take_tcp(lfd, 1), first + 1);
    assert_none(lfd, 1);
    assert_int_equal(take_tcp(lfd, 2), first + 2);
    assert_int_equal(take_tcp(lfd, 0), first);
    for (size_t i = 0; i < 3; i++)
        assert_none(lfd, i);
    assert_int_equal(listenfd_count(lfd), 3);
    assert_int_equal(listenfd_status(lfd), LISTENFD_PASSED);
    listenfd_free(lfd);
    for (int i = 0; i < 3; i++)
        close(first + i);
}

static void test_taken_stays_taken_when_closed(void **state)
{
    int first = pass_listeners(1, NULL), again;
    struct listenfd *lfd = receive_passed(0);

    (void)state;
    close(take_tcp(lfd, 0));
    again = fcntl(1, F_DUPFD, first); /* somebody else's, under the same number */
    assert_int_equal(again, first);
    assert_none(lfd, 0);
    listenfd_free(lfd);
    assert_true(is_open_descriptor(again));
    close(again);
}

static void test_past_the_end(void **state)
{
    int first = pass_listeners(2, NULL);
    struct listenfd *lfd = receive_passed(0);

    (void)state;
    assert_none(lfd, 2);
    assert_non_null(strstr(listenfd_message(lfd), "there is no socket 2: 2 were passed"));
    assert_none(lfd, 3);
    assert_none(lfd, (size_t)-2);
    assert_none(lfd, LISTENFD_NOT_FOUND);
    listenfd_free(lfd);
    assert_false(is_open_descriptor(first));
}

static void test_nothing_passed(void **state)
{
    struct listenfd *lfd;

    (void)state;
    clear_variables();
    lfd = listenfd_from_env(0);
    assert_none(lfd, 0);
    assert_none(lfd, LISTENFD_NOT_FOUND);
    listenfd_free(lfd);
}

/* ---- Arguments ---- */

static void test_out_is_null(void **state)
{
    int first = pass_listeners(1, NULL);
    struct listenfd *lfd = receive_passed(0);

    (void)state;
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, NULL), LISTENFD_EINVAL);
    assert_int_equal(listenfd_take_raw(lfd, 7, NULL), LISTENFD_EINVAL);
    assert_int_equal(listenfd_take_custom(lfd, 0, 0, 0, 0, -1, NULL), LISTENFD_EINVAL);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "127.0.0.1:0", NULL), LISTENFD_EINVAL);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "@x", NULL), LISTENFD_EINVAL);
    assert_non_null(strstr(listenfd_message(lfd), "NULL"));
    assert_int_equal(take_tcp(lfd, 0), first);
    listenfd_free(lfd);
    close(first);
}

typedef int taker(struct listenfd *lfd, size_t index, listenfd_socket *out);

static taker *const takers[] = {
    listenfd_take_tcp_listener,  listenfd_take_stream_listener,         listenfd_take_tcp_stream,
    listenfd_take_udp_socket,    listenfd_take_unix_listener,           listenfd_take_unix_stream,
    listenfd_take_unix_datagram, listenfd_take_unix_seqpacket_listener, listenfd_take_raw,
};

static void test_null_object_takes(void **state)
{
    listenfd_socket fd;

    (void)state;
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        fd = 4711;
        assert_int_equal(takers[i](NULL, 0, &fd), 0);
        assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
        assert_int_equal(takers[i](NULL, LISTENFD_NOT_FOUND, &fd), 0);
        assert_int_equal(takers[i](NULL, 0, NULL), LISTENFD_EINVAL);
    }
    fd = 4711;
    assert_int_equal(listenfd_take_custom(NULL, 0, 0, 0, 0, -1, &fd), 0);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
}

static void test_null_object_looks(void **state)
{
    char text[8] = "xxxxxxx";

    (void)state;
    assert_int_equal(listenfd_status(NULL), LISTENFD_NONE);
    assert_int_equal(listenfd_count(NULL), 0);
    assert_null(listenfd_name(NULL, 0));
    assert_true(listenfd_find_name(NULL, "web", 0) == LISTENFD_NOT_FOUND);
    assert_true(listenfd_find_name(NULL, NULL, 0) == LISTENFD_NOT_FOUND);
    assert_true(listenfd_find_address(NULL, ":80", 0) == LISTENFD_NOT_FOUND);
    assert_true(listenfd_find_address(NULL, NULL, 0) == LISTENFD_NOT_FOUND);
    assert_int_equal(listenfd_describe(NULL, 0, text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_int_equal(listenfd_describe(NULL, 0, NULL, 0), 0);
    assert_non_null(listenfd_message(NULL));
    errno = 4712;
    listenfd_free(NULL);
    assert_int_equal(errno, 4712);
}

/* ---- Failures leave everything in place ---- */

static void test_closed_in_between(void **state)
{
    int first = pass_listeners(2, NULL);
    struct listenfd *lfd = receive_passed(0);
    listenfd_socket fd = 4711;

    (void)state;
    close(first);
    errno = 4712;
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        assert_int_equal(takers[i](lfd, 0, &fd), LISTENFD_ECLOSED);
        assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    }
    assert_int_equal(errno, 4712);
    assert_int_equal(take_tcp(lfd, 1), first + 1);
    listenfd_free(lfd);
    close(first + 1);
}

/* An O_PATH descriptor has no mode: the one call that fails without help. */
static void test_mode_cannot_be_set(void **state)
{
    int first;
    struct listenfd *lfd;
    listenfd_socket fd = 4711;

    (void)state;
    clear_variables();
    first = pass_one(open("/", O_PATH));
    lfd = receive_passed(LISTENFD_NONBLOCK);
    errno = 0;
    assert_int_equal(listenfd_take_raw(lfd, 0, &fd), LISTENFD_ESYSTEM);
    assert_int_equal(errno, EBADF);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_non_null(strstr(listenfd_message(lfd), strerror(EBADF)));
    assert_int_equal(listenfd_take_raw(lfd, 0, &fd), LISTENFD_ESYSTEM); /* still there */
    listenfd_free(lfd);
    assert_false(is_open_descriptor(first));
}

static void test_malformed_for_every_index(void **state)
{
    int first = pass_listeners(1, "one:too:many");
    struct listenfd *lfd = listenfd_from_env(0);
    listenfd_socket fd = 4711;

    (void)state;
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), LISTENFD_ENAMES);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_int_equal(listenfd_take_raw(lfd, 99, &fd), LISTENFD_ENAMES);
    assert_int_equal(listenfd_take_udp_socket(lfd, LISTENFD_NOT_FOUND, &fd), LISTENFD_ENAMES);
    listenfd_free(lfd);
    assert_true(is_open_descriptor(first));
    close(first);
}

/* ---- Flags ---- */

static void check_mode(unsigned flags, int before, int after)
{
    int first = pass_listeners(1, NULL);
    struct listenfd *lfd;

    assert_int_equal(fcntl(first, F_SETFL, before ? O_NONBLOCK : 0), 0);
    lfd = receive_passed(flags);
    assert_int_equal(is_nonblocking(first), before); /* taking it sets its mode */
    assert_int_equal(is_nonblocking(take_tcp(lfd, 0)), after);
    listenfd_free(lfd);
    close(first);
}

static void test_modes(void **state)
{
    (void)state;
    check_mode(0, 0, 0);
    check_mode(0, 1, 1);
    check_mode(LISTENFD_NONBLOCK, 0, 1);
    check_mode(LISTENFD_NONBLOCK, 1, 1);
    check_mode(LISTENFD_BLOCK, 0, 0);
    check_mode(LISTENFD_BLOCK, 1, 0);
    check_mode(LISTENFD_NONBLOCK | LISTENFD_KEEP, 0, 1);
}

static void test_refused_keeps_its_mode(void **state)
{
    int first = pass_listeners(1, NULL);
    struct listenfd *lfd = receive_passed(LISTENFD_NONBLOCK);
    listenfd_socket fd;

    (void)state;
    assert_int_equal(listenfd_take_udp_socket(lfd, 0, &fd), LISTENFD_ETYPE);
    assert_false(is_nonblocking(first));
    listenfd_free(lfd);
}

static void check_flags(unsigned flags)
{
    int first = pass_listeners(1, NULL);
    struct listenfd *lfd = listenfd_from_env(flags);
    listenfd_socket fd = 4711;

    assert_int_equal(listenfd_status(lfd), LISTENFD_EINVAL);
    assert_int_equal(listenfd_count(lfd), 0);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), LISTENFD_EINVAL);
    assert_int_equal(fd, LISTENFD_INVALID_SOCKET);
    assert_non_null(strstr(listenfd_message(lfd), "flags"));
    assert_int_equal(!getenv("LISTEN_FDS"), !(flags & LISTENFD_KEEP));
    assert_false(is_cloexec(first));
    listenfd_free(lfd);
    assert_true(is_open_descriptor(first));
    close(first);
}

static void test_wrong_flags(void **state)
{
    (void)state;
    check_flags(64);
    check_flags(64 | LISTENFD_KEEP);
    check_flags(LISTENFD_REQUIRE_PID | LISTENFD_ANY_PID);
    check_flags(LISTENFD_NOT_LAST | LISTENFD_KEEP);
    check_flags(0x80000000U);
    check_flags(~0U);
    check_flags(LISTENFD_NONBLOCK | LISTENFD_BLOCK);
    check_flags(LISTENFD_NONBLOCK | LISTENFD_BLOCK | LISTENFD_KEEP | LISTENFD_REQUIRE_PID);
}

static void check_required_pid(const char *pid, int status)
{
    int first = pass_listeners(1, NULL);
    struct listenfd *lfd;

    if (pid)
        setenv("LISTEN_PID", pid, 1);
    lfd = listenfd_from_env(LISTENFD_REQUIRE_PID);
    assert_int_equal(listenfd_status(lfd), status);
    if (status == LISTENFD_NONE)
        assert_non_null(strstr(listenfd_message(lfd), "LISTEN_PID is not"));
    assert_null(getenv("LISTEN_FDS"));
    listenfd_free(lfd);
    assert_int_equal(is_open_descriptor(first), status != LISTENFD_PASSED);
    close(first);
}

static void test_required_pid(void **state)
{
    (void)state;
    check_required_pid(NULL, LISTENFD_NONE);
    check_required_pid("", LISTENFD_NONE);
    check_required_pid(own_pid(), LISTENFD_PASSED);
    check_required_pid("1", LISTENFD_OTHER_PROCESS);
    check_required_pid("0", LISTENFD_EPID);
}

/* ---- Who closes what ---- */

static void test_free_closes_the_untaken(void **state)
{
    int first = pass_listeners(3, NULL);
    struct listenfd *lfd = receive_passed(0);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(is_cloexec(first + i)); /* taken or not */
    take_tcp(lfd, 1);
    close(first + 2); /* free meets EBADF */
    errno = 4712;
    listenfd_free(lfd);
    assert_int_equal(errno, 4712);
    assert_false(is_open_descriptor(first));
    assert_true(is_open_descriptor(first + 1));
    close(first + 1);
}

static void test_neighbours_are_left_alone(void **state)
{
    int sockets[4], first;
    char number[16];

    (void)state;
    for (int i = 0; i < 4; i++)
        sockets[i] = internet_socket(SOCK_STREAM, "127.0.0.1");
    clear_variables();
    first = pass(sockets, 4);
    setenv("LISTEN_FDS", "2", 1); /* only the two in the middle */
    snprintf(number, sizeof number, "%d", first + 1);
    setenv("LISTEN_FDS_FIRST_FD", number, 1);
    listenfd_free(receive_passed(0));
    assert_false(is_cloexec(first));
    assert_false(is_open_descriptor(first + 1));
    assert_false(is_open_descriptor(first + 2));
    assert_false(is_cloexec(first + 3));
    close(first);
    close(first + 3);
}

static void test_free_does_not_shut_down(void **state)
{
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1"), launchers = dup(listener);
    int client, connection;

    (void)state;
    clear_variables();
    pass_one(listener);
    listenfd_free(receive_passed(0));
    client = connect_port(port_of_socket(launchers));
    connection = accept(launchers, NULL, NULL);
    assert_true(connection >= 0);
    close(connection);
    close(client);
    close(launchers);
}

/* ---- A reader that is not the last; one that does not ask for whom ---- */

static void test_not_last(void **state)
{
    int first = pass_listeners(2, "a:b"), fd;
    struct listenfd *lfd = receive_passed(LISTENFD_NOT_LAST);

    (void)state;
    assert_true(is_cloexec(first) && is_cloexec(first + 1));
    assert_int_equal(take_tcp(lfd, 0), first);
    listenfd_free(lfd);
    assert_true(is_open_descriptor(first) && is_open_descriptor(first + 1));
    assert_non_null(getenv("LISTEN_FDS"));
    assert_non_null(getenv("LISTEN_FDNAMES"));
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_tcp_listener(lfd, listenfd_find_name(lfd, "b", 0), &fd), 1);
    assert_int_equal(fd, first + 1);
    listenfd_free(lfd);
    assert_false(is_open_descriptor(first)); /* the last one closes what it did not take */
    assert_null(getenv("LISTEN_FDS"));
    close(fd);
}

static void test_any_pid(void **state)
{
    static const char *const values[] = {"1", "2147483647", "junk", ""};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        int first = pass_listeners(1, NULL);
        struct listenfd *lfd;
        setenv("LISTEN_PID", values[i], 1);
        setenv("LISTEN_PIDFDID", values[i], 1);
        lfd = receive_passed(LISTENFD_ANY_PID);
        assert_int_equal(take_tcp(lfd, 0), first);
        assert_null(getenv("LISTEN_PID"));
        assert_null(getenv("LISTEN_PIDFDID"));
        listenfd_free(lfd);
        close(first);
    }
}

static void test_keep_leaves_everything(void **state)
{
    int first = pass_listeners(2, "a:b");
    struct listenfd *lfd;

    (void)state;
    setenv("LISTEN_PID", own_pid(), 1);
    lfd = receive_passed(LISTENFD_KEEP);
    assert_string_equal(getenv("LISTEN_FDS"), "2");
    assert_string_equal(getenv("LISTEN_FDNAMES"), "a:b");
    assert_string_equal(getenv("LISTEN_PID"), own_pid());
    assert_non_null(getenv("LISTEN_FDS_FIRST_FD"));
    take_tcp(lfd, 0);
    listenfd_free(lfd);
    for (int i = 0; i < 2; i++) {
        assert_false(is_cloexec(first + i));
        close(first + i);
    }
}

static void test_second_reader_after_keep(void **state)
{
    int first = pass_listeners(2, "a:b");
    struct listenfd *library = receive_passed(LISTENFD_KEEP), *server = receive_passed(0), *late;

    (void)state;
    assert_int_equal(listenfd_count(server), listenfd_count(library));
    assert_string_equal(listenfd_name(library, 1), "b"); /* the variable is gone, the name not */
    assert_string_equal(listenfd_name(server, 1), "b");
    assert_int_equal(take_tcp(library, 0), first);
    assert_int_equal(take_tcp(server, 0), first);
    late = listenfd_from_env(0);
    assert_int_equal(listenfd_status(late), LISTENFD_NONE);
    listenfd_free(late);
    listenfd_free(library);
    assert_true(is_open_descriptor(first + 1));
    listenfd_free(server);
    assert_false(is_open_descriptor(first + 1));
    close(first);
}

static void test_keep_of_malformed(void **state)
{
    struct listenfd *lfd;

    (void)state;
    clear_variables();
    setenv("LISTEN_FDS", "x", 1);
    lfd = listenfd_from_env(LISTENFD_KEEP);
    assert_int_equal(listenfd_status(lfd), LISTENFD_EFDS);
    assert_string_equal(getenv("LISTEN_FDS"), "x");
    listenfd_free(lfd);
    clear_variables();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once_in_any_order),
        cmocka_unit_test(test_taken_stays_taken_when_closed),
        cmocka_unit_test(test_past_the_end),
        cmocka_unit_test(test_nothing_passed),
        cmocka_unit_test(test_out_is_null),
        cmocka_unit_test(test_null_object_takes),
        cmocka_unit_test(test_null_object_looks),
        cmocka_unit_test(test_closed_in_between),
        cmocka_unit_test(test_mode_cannot_be_set),
        cmocka_unit_test(test_malformed_for_every_index),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_refused_keeps_its_mode),
        cmocka_unit_test(test_wrong_flags),
        cmocka_unit_test(test_required_pid),
        cmocka_unit_test(test_free_closes_the_untaken),
        cmocka_unit_test(test_neighbours_are_left_alone),
        cmocka_unit_test(test_free_does_not_shut_down),
        cmocka_unit_test(test_not_last),
        cmocka_unit_test(test_any_pid),
        cmocka_unit_test(test_keep_leaves_everything),
        cmocka_unit_test(test_second_reader_after_keep),
        cmocka_unit_test(test_keep_of_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
