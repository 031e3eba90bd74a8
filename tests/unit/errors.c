/* SPDX-License-Identifier: MIT
 * Codes, their texts, the version, and the sentence after each call that failed. */
#include "listenfd.h"

#include "passed.h"
#include "sockets.h"
#include "test.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The table ---- */

#define NUMBER(name, number, text) name,
static const int codes[] = {LISTENFD_ERRORS(NUMBER)};
#undef NUMBER

#define NUMBER(name, number, text) number,
static const int numbers[] = {LISTENFD_ERRORS(NUMBER)};
#undef NUMBER

#define TEXT(name, number, text) text,
static const char *const texts[] = {LISTENFD_ERRORS(TEXT)};
#undef TEXT

enum { COUNT = sizeof codes / sizeof codes[0] };

static void test_numbers(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(codes[i], numbers[i]);
        assert_int_equal(codes[i], -1001 - i); /* each one more: none twice, none left out */
    }
}

/* A few, so that nobody renumbers: programs are linked with them. */
static void test_numbers_are_stable(void **state)
{
    (void)state;
    assert_int_equal(LISTENFD_EINVAL, -1001);
    assert_int_equal(LISTENFD_ECLOSED, -1007);
    assert_int_equal(LISTENFD_ENOTLISTENING, -1012);
    assert_int_equal(LISTENFD_ENOTSUPPORTED, -1018);
    assert_int_equal(LISTENFD_NONE, 0);
    assert_int_equal(LISTENFD_PASSED, 1);
    assert_int_equal(LISTENFD_OTHER_PROCESS, 2);
    assert_int_equal(LISTENFD_KEEP, 1);
    assert_int_equal(LISTENFD_NONBLOCK, 2);
    assert_int_equal(LISTENFD_BLOCK, 4);
    assert_int_equal(LISTENFD_REQUIRE_PID, 8);
    assert_int_equal(LISTENFD_ANY_PID, 16);
    assert_int_equal(LISTENFD_NOT_LAST, 32);
    assert_int_equal(LISTENFD_TAKEN, 1);
    assert_int_equal(LISTENFD_BOUND, 2);
}

static void test_texts(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        const char *text = listenfd_strerror(codes[i]);
        assert_string_equal(text, texts[i]);
        assert_string_not_equal(text, "");
        for (int j = 0; j < i; j++)
            assert_string_not_equal(text, texts[j]);
    }
}

static void test_status_texts(void **state)
{
    (void)state;
    assert_string_equal(listenfd_strerror(LISTENFD_NONE), "nothing was passed");
    assert_string_equal(listenfd_strerror(LISTENFD_PASSED), "sockets were passed");
    assert_string_equal(listenfd_strerror(LISTENFD_OTHER_PROCESS),
                        "sockets were passed to another process");
}

static void test_unknown_codes(void **state)
{
    static const int unknown[] = {3, -1, -1000, -1001 - COUNT, 22, INT_MAX, INT_MIN};

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_string_equal(listenfd_strerror(unknown[i]), "unknown code");
}

/* A code that is mistaken for an errno value must not read as a wrong reason. What a libc says
 * of an unknown error may end with its number. */
static void test_far_from_errno(void **state)
{
    char unknown[64];

    (void)state;
    snprintf(unknown, sizeof unknown, "%s", strerror(INT_MAX));
    unknown[strcspn(unknown, "0123456789")] = '\0';
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(strncmp(strerror(-codes[i]), unknown, strlen(unknown)), 0);
}

static void test_version(void **state)
{
    char composed[32];

    (void)state;
    snprintf(composed, sizeof composed, "%d.%d.%d", LISTENFD_VERSION_MAJOR, LISTENFD_VERSION_MINOR,
             LISTENFD_VERSION_PATCH);
    assert_string_equal(LISTENFD_VERSION, composed);
    assert_string_equal(listenfd_version(), composed);
}

/* ---- Messages ---- */

/* One line, of several words, and not cut off: it ends as it should. */
static void assert_sentence(const struct listenfd *lfd, const char *part, const char *ending)
{
    const char *text = listenfd_message(lfd), *end;

    assert_non_null(text);
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
    end = strlen(text) > strlen(ending) ? text + strlen(text) - strlen(ending) : text;
    if (strcmp(end, ending) != 0)
        fail_msg("does not end with '%s': %s", ending, text);
    assert_true(strlen(text) > 20 && strchr(text, ' '));
    for (; *text; text++)
        assert_false(iscntrl((unsigned char)*text));
}

static void test_null_object(void **state)
{
    (void)state;
    assert_sentence(NULL, "no listenfd object", "");
}

static void test_wrong_kind(void **state)
{
    const char *name = abstract_name("x");
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    clear_variables();
    pass((const int[]){unix_socket(SOCK_DGRAM, name), dup(0)}, 2);
    setenv("LISTEN_FDNAMES", "log:other", 1);
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), LISTENFD_EFAMILY);
    assert_sentence(lfd, "socket 0, named 'log', is unix datagram @", "by address with a type");
    assert_sentence(lfd, name, "");
    assert_sentence(lfd,
                    "where a tcp listener was expected (the socket is of another address family): "
                    "check the order of the sockets in the launcher",
                    "");
    listenfd_free(lfd);
}

/* systemd's FileDescriptorName= may have 255 characters, and a path 107. */
static void test_wrong_kind_with_long_names(void **state)
{
    char name[257], path[108];
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    memset(name, 'n', sizeof name - 2);
    memset(path, 'p', sizeof path - 1);
    name[sizeof name - 2] = path[sizeof path - 1] = '\0';
    memcpy(path, abstract_name(""), strlen(abstract_name("")));
    clear_variables();
    pass((const int[]){unix_socket(SOCK_DGRAM, path), dup(0)}, 2);
    setenv("LISTEN_FDNAMES", strcat(name, ":"), 1);
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_unix_seqpacket_listener(lfd, 0, &fd), LISTENFD_ETYPE);
    assert_sentence(lfd, "a unix seqpacket listener was expected", "by address with a type");
    assert_true(listenfd_find_name(lfd, path, 0) == LISTENFD_NOT_FOUND);
    assert_sentence(lfd, "none of the 2 sockets", "and untaken");
    listenfd_free(lfd);
}

static void check_kind_name(int (*take)(struct listenfd *, size_t, listenfd_socket *),
                            const char *name)
{
    struct listenfd *lfd;
    listenfd_socket fd;
    int ends[2];

    clear_variables();
    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    pass_one(ends[0]);
    lfd = receive_passed(0);
    assert_int_equal(take(lfd, 0, &fd), LISTENFD_ENOTSOCKET);
    assert_sentence(lfd, "socket 0, named 'unknown', is fifo, where ",
                    "(the descriptor is not a socket)"); /* one alone has no order */
    assert_sentence(lfd, name, "");
    listenfd_free(lfd);
}

static void test_every_kind_has_a_name(void **state)
{
    (void)state;
    check_kind_name(listenfd_take_tcp_listener, " a tcp listener was expected");
    check_kind_name(listenfd_take_stream_listener, " a tcp or unix stream listener was expected");
    check_kind_name(listenfd_take_tcp_stream, " a connected tcp stream was expected");
    check_kind_name(listenfd_take_udp_socket, " a udp socket was expected");
    check_kind_name(listenfd_take_unix_listener, " a unix stream listener was expected");
    check_kind_name(listenfd_take_unix_stream, " a connected unix stream was expected");
    check_kind_name(listenfd_take_unix_datagram, " a unix datagram socket was expected");
    check_kind_name(listenfd_take_unix_seqpacket_listener,
                    " a unix seqpacket listener was expected");
}

static void test_none(void **state)
{
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    pass_listeners(1, NULL);
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 1, &fd), 0);
    assert_sentence(lfd, "there is no socket 1: 1 were passed", "counted from 0");
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 1);
    close(fd);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 0);
    assert_sentence(lfd, "socket 0 was taken already", "");
    listenfd_free(lfd);
}

static void test_not_found(void **state)
{
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    pass_listeners(1, NULL);
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_tcp_listener(lfd, LISTENFD_NOT_FOUND, &fd), 0);
    assert_sentence(lfd, "", "");                        /* also without a find call before it, */
    assert_null(strstr(listenfd_message(lfd), "18446")); /* and LISTENFD_NOT_FOUND is no number */
    assert_true(listenfd_find_name(lfd, "web", 0) == LISTENFD_NOT_FOUND);
    assert_sentence(lfd, "none of the 1 sockets passed is named 'web'", "and untaken");
    assert_true(listenfd_find_address(lfd, ":1", 0) == LISTENFD_NOT_FOUND);
    assert_sentence(lfd, "none of the 1 sockets passed is bound to ':1'", "and untaken");
    listenfd_free(lfd);
}

static void test_closed(void **state)
{
    int first = pass_listeners(1, NULL);
    struct listenfd *lfd = receive_passed(0);
    listenfd_socket fd;

    (void)state;
    close(first);
    assert_int_equal(listenfd_take_raw(lfd, 0, &fd), LISTENFD_ECLOSED);
    assert_sentence(lfd, "is not open, where an open descriptor was expected", "");
    listenfd_free(lfd);
}

static void test_bind(void **state)
{
    int holder = internet_socket(SOCK_STREAM, "127.0.0.1");
    char address[32], part[96];
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of_socket(holder));
    snprintf(part, sizeof part, "cannot listen on %s: %s", address, strerror(EADDRINUSE));
    clear_variables();
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, address, &fd), LISTENFD_EINUSE);
    assert_sentence(lfd, part, "(nothing was passed: LISTEN_FDS is not set)");
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "x", &fd), LISTENFD_EADDRESS);
    assert_sentence(lfd, "'x' is not an address", "./x.sock)");
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "", &fd), LISTENFD_EADDRESS);
    assert_sentence(lfd, "'' is not an address", "./x.sock)");
    listenfd_free(lfd);
    close(holder);
}

/* The reason of the find call goes with each failure, the failure before does not. */
static void test_bind_after_not_found(void **state)
{
    char part[160];
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    snprintf(part, sizeof part,
             "cannot listen on 192.0.2.1:0: %s (none of the 1 sockets passed is named 'web' and ",
             strerror(EADDRNOTAVAIL));
    pass_listeners(1, NULL);
    lfd = receive_passed(0);
    assert_true(listenfd_find_name(lfd, "web", 0) == LISTENFD_NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(listenfd_take_or_bind(lfd, LISTENFD_NOT_FOUND, "192.0.2.1:0", &fd),
                         LISTENFD_ESYSTEM);
        assert_sentence(lfd, part, "untaken)");
    }
    listenfd_free(lfd);
}

/* Each result that was not 1 brings its own message, or the status's reason. */
static void test_message_is_about_the_last_result(void **state)
{
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    clear_variables();
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "x", &fd), LISTENFD_EADDRESS);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), 0);
    assert_sentence(lfd, "nothing was passed", "");
    listenfd_free(lfd);
}

static void test_message_of_malformed_stays(void **state)
{
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    clear_variables();
    setenv("LISTEN_FDS", "x", 1);
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, NULL), LISTENFD_EINVAL);
    assert_sentence(lfd, "out argument", "");
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), LISTENFD_EFDS);
    assert_sentence(lfd, "LISTEN_FDS is 'x'", "");
    assert_true(listenfd_find_name(lfd, "web", 0) == LISTENFD_NOT_FOUND);
    assert_sentence(lfd, "LISTEN_FDS is 'x'", "");
    listenfd_free(lfd);
}

/* A find call has a message of its own also where there is nothing to find. */
static void test_find_with_nothing_passed(void **state)
{
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    clear_variables();
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_take_or_bind(lfd, 0, "192.0.2.1:0", &fd), LISTENFD_ESYSTEM);
    assert_true(listenfd_find_name(lfd, "web", 0) == LISTENFD_NOT_FOUND);
    assert_string_equal(listenfd_message(lfd), "nothing was passed: LISTEN_FDS is not set");
    assert_true(listenfd_find_address(lfd, "127.0.0.1", 0) == LISTENFD_NOT_FOUND);
    assert_sentence(lfd, "'127.0.0.1' is not an address: a number from 0 to 65535", "");
    assert_true(listenfd_find_address(lfd, ":1", 0) == LISTENFD_NOT_FOUND);
    assert_string_equal(listenfd_message(lfd), "nothing was passed: LISTEN_FDS is not set");
    listenfd_free(lfd);
}

static void test_custom_kind(void **state)
{
    struct listenfd *lfd;
    listenfd_socket fd;

    (void)state;
    clear_variables();
    pass_one(internet_socket(SOCK_DGRAM, "127.0.0.1"));
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_custom(lfd, 0, AF_INET, SOCK_STREAM, 0, 1, &fd), LISTENFD_ETYPE);
    assert_sentence(lfd, "where a listening socket of family 2, type 1 and protocol 0 (0 is any)",
                    "");
    listenfd_free(lfd);
}

static void test_connection_or_listener(void **state)
{
    static const char hint[] = "Accept=no passes the listener, Accept=yes each connection";
    struct listenfd *lfd;
    listenfd_socket fd;
    int client;

    (void)state;
    clear_variables();
    pass_one(tcp_connection(&client));
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), LISTENFD_ENOTLISTENING);
    assert_sentence(lfd, "is tcp stream from 127.0.0.1:", hint);
    listenfd_free(lfd);
    close(client);
    pass_one(internet_socket(SOCK_STREAM, "127.0.0.1"));
    lfd = receive_passed(0);
    assert_int_equal(listenfd_take_tcp_stream(lfd, 0, &fd), LISTENFD_ENOTCONNECTED);
    assert_sentence(lfd, "is tcp listener 127.0.0.1:", hint);
    listenfd_free(lfd);
}

/* C0, DEL, and C1 in both forms; what is not UTF-8 may be either. The rest of the world stays. */
static void check_shown(const char *text, const char *expected)
{
    struct listenfd *lfd;

    clear_variables();
    setenv("LISTEN_FDS", text, 1);
    lfd = listenfd_from_env(0);
    assert_sentence(lfd, expected, "digits");
    listenfd_free(lfd);
}

static void test_control_characters(void **state)
{
    (void)state;
    check_shown("a\x01z\x7f\r\n", "'a?z???");
    check_shown("a\xc2\x9b"
                "2Jz",
                "'a??2Jz'");
    check_shown("a\xc2\x80\xc2\x9fz", "'a????z'");
    check_shown("a\xc2\xa0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z",
                "'a\xc2\xa0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z'");
    check_shown("a\x9b"
                "2Jz",
                "'a?2Jz'");
    check_shown("a\xe0\x82\x9bz", "'a???z'"); /* U+009B, too long */
    check_shown("a\xed\xa0\x80z\xf5\x90\x80\x80", "'a???z????");
    check_shown("a\xc2", "'a?'");
    check_shown("a\xe2\x82z", "'a??z'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_numbers_are_stable),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_status_texts),
        cmocka_unit_test(test_unknown_codes),
        cmocka_unit_test(test_far_from_errno),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_null_object),
        cmocka_unit_test(test_wrong_kind),
        cmocka_unit_test(test_wrong_kind_with_long_names),
        cmocka_unit_test(test_every_kind_has_a_name),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_bind),
        cmocka_unit_test(test_bind_after_not_found),
        cmocka_unit_test(test_message_is_about_the_last_result),
        cmocka_unit_test(test_message_of_malformed_stays),
        cmocka_unit_test(test_find_with_nothing_passed),
        cmocka_unit_test(test_custom_kind),
        cmocka_unit_test(test_connection_or_listener),
        cmocka_unit_test(test_control_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
