/* SPDX-License-Identifier: MIT
 * What from_env makes of every environment on Windows, and what it changes in the process. */
#include "listenfd.h"

#include "server.h"

#include <stdlib.h>
#include <string.h>

/* A variable that is NULL is unset. */
static void check(const char *address, const char *secret, int status, const char *message)
{
    listenfd_socket fd;
    struct listenfd *lfd;

    set_variable("SYSTEMFD_SOCKET_SERVER", address);
    set_variable("SYSTEMFD_SOCKET_SECRET", secret);
    set_variable("LISTEN_FDNAMES", "a:b");
    WSASetLastError(4711);
    lfd = listenfd_from_env(0);
    assert_int_equal(WSAGetLastError(), 4711);
    assert_non_null(lfd);
    if (listenfd_status(lfd) != status || !strstr(listenfd_message(lfd), message))
        print_message("server '%s', secret '%s': status %d '%s'\n", address ? address : "(unset)",
                      secret ? secret : "(unset)", listenfd_status(lfd), listenfd_message(lfd));
    assert_int_equal(listenfd_status(lfd), status);
    assert_non_null(strstr(listenfd_message(lfd), message));
    assert_true(is_variable_gone("SYSTEMFD_SOCKET_SERVER"));
    assert_true(is_variable_gone("SYSTEMFD_SOCKET_SECRET"));
    assert_true(is_variable_gone("LISTEN_FDNAMES"));
    assert_int_equal(listenfd_count(lfd), 0);
    assert_int_equal(listenfd_take_tcp_listener(lfd, 0, &fd), status < 0 ? status : 0);
    assert_true(fd == LISTENFD_INVALID_SOCKET);
    listenfd_free(lfd);
}

static void test_nothing_passed(void **state)
{
    (void)state;
    check(NULL, NULL, LISTENFD_NONE, "SYSTEMFD_SOCKET_SERVER is not set");
    check(NULL, TEST_SECRET, LISTENFD_NONE, "SYSTEMFD_SOCKET_SERVER is not set");
}

static void test_malformed_server(void **state)
{
    static const char *const addresses[] = {"127.0.0.1",       "127.0.0.1:",     "127.0.0.1:0",
                                            "127.0.0.1:65536", "127.0.0.1:+80",  "127.0.0.1:80 ",
                                            " 127.0.0.1:8",    "localhost:8",    ":8",
                                            "[::1]",           "@127.0.0.1:808", "/tmp/x:80",
                                            "127.1:80",        "0x7f000001:80",  "\033[2J"};

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        check(addresses[i], TEST_SECRET, LISTENFD_ESERVER, "SYSTEMFD_SOCKET_SERVER is '");
}

static void test_server_elsewhere(void **state)
{
    static const char *const addresses[] = {
        "10.0.0.1:80",           "0.0.0.0:80",      "128.0.0.1:80", "126.0.0.1:80", "[::]:80",
        "[::ffff:127.0.0.1]:80", "[2001:db8::1]:80"};

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        check(addresses[i], TEST_SECRET, LISTENFD_ESERVER, "expected an address of this machine");
}

static void test_malformed_secret(void **state)
{
    static const char *const secrets[] = {"secret",
                                          "01234567-89ab-4def-8123-456789abcde",
                                          "01234567-89ab-4def-8123-456789abcdef0",
                                          "01234567x89ab-4def-8123-456789abcdef",
                                          "01234567-89ab-4def-8123-456789abcdeg",
                                          "0123456789abcdef0123456789abcdef",
                                          "01234567-89ab-4def-8123-456789ab|def",
                                          " 1234567-89ab-4def-8123-456789abcdef"};

    (void)state;
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        check("127.0.0.1:1", secrets[i], LISTENFD_ESECRET, "SYSTEMFD_SOCKET_SECRET is malformed");
    check("127.0.0.1:1", NULL, LISTENFD_ESECRET, "SYSTEMFD_SOCKET_SECRET is not");
}

/* A secret is not for a log. */
static void test_secret_is_not_shown(void **state)
{
    (void)state;
    set_variable("SYSTEMFD_SOCKET_SERVER", "127.0.0.1:1");
    set_variable("SYSTEMFD_SOCKET_SECRET", "01234567-89ab-4def-8123-456789abcde");
    struct listenfd *lfd = listenfd_from_env(0);
    assert_null(strstr(listenfd_message(lfd), "89ab"));
    listenfd_free(lfd);
}

static void test_message_is_one_line(void **state)
{
    (void)state;
    check("1\nforged: line", TEST_SECRET, LISTENFD_ESERVER, "'1?forged: line'");
}

static void test_bad_flags(void **state)
{
    struct listenfd *lfd;

    (void)state;
    set_variable("SYSTEMFD_SOCKET_SERVER", "127.0.0.1:1");
    lfd = listenfd_from_env(LISTENFD_BLOCK | LISTENFD_NONBLOCK);
    assert_int_equal(listenfd_status(lfd), LISTENFD_EINVAL);
    assert_true(is_variable_gone("SYSTEMFD_SOCKET_SERVER"));
    listenfd_free(lfd);
}

/* Of two C runtimes in one process, one may not know what the other has set. */
static void test_variables_of_the_process_only(void **state)
{
    struct listenfd *lfd;

    (void)state;
    clear_variables();
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SERVER", "nonsense");
    assert_null(getenv("SYSTEMFD_SOCKET_SERVER"));
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_status(lfd), LISTENFD_ESERVER);
    assert_true(is_variable_gone("SYSTEMFD_SOCKET_SERVER"));
    listenfd_free(lfd);
}

static void test_names(void **state)
{
    SOCKET original = bound_socket(AF_INET, SOCK_STREAM);
    struct test_server server;
    struct listenfd *lfd;

    (void)state;
    pass_sockets(&server, &original, 1, "web:admin");
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_status(lfd), LISTENFD_ENAMES);
    assert_non_null(strstr(listenfd_message(lfd), "2 names ('web:admin') for 1 sockets"));
    assert_true(is_variable_gone("LISTEN_FDNAMES"));
    listenfd_free(lfd);
    test_server_stop(&server);
    closesocket(original);
}

/* Whatever code page this program has. */
static void test_names_are_utf8(void **state)
{
    SOCKET original = bound_socket(AF_INET, SOCK_STREAM);
    struct test_server server;
    struct listenfd *lfd;

    (void)state;
    pass_sockets(&server, &original, 1, "web");
    SetEnvironmentVariableW(L"LISTEN_FDNAMES", L"caf\x00e9-\x4e16");
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_status(lfd), LISTENFD_PASSED);
    assert_string_equal(listenfd_name(lfd, 0), "caf\xc3\xa9-\xe4\xb8\x96");
    assert_int_equal(listenfd_find_name(lfd, "caf\xc3\xa9-\xe4\xb8\x96", 0), 0);
    listenfd_free(lfd);
    test_server_stop(&server);
    closesocket(original);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_passed),
        cmocka_unit_test(test_malformed_server),
        cmocka_unit_test(test_server_elsewhere),
        cmocka_unit_test(test_malformed_secret),
        cmocka_unit_test(test_secret_is_not_shown),
        cmocka_unit_test(test_message_is_one_line),
        cmocka_unit_test(test_bad_flags),
        cmocka_unit_test(test_variables_of_the_process_only),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_are_utf8),
    };

    return cmocka_run_group_tests(tests, start_winsock, NULL);
}
