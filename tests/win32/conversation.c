/* SPDX-License-Identifier: MIT
 * The receiver's request, byte by byte, and every way in which a server can fail it. */
#include "listenfd.h"

#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INFO_SIZE = sizeof(WSAPROTOCOL_INFOW) };

/* A TCP listener, for this process. */
static WSAPROTOCOL_INFOW good_info(void)
{
    SOCKET original = bound_socket(AF_INET, SOCK_STREAM);
    WSAPROTOCOL_INFOW info;

    assert_int_equal(WSADuplicateSocketW(original, GetCurrentProcessId(), &info), 0);
    closesocket(original); /* a copy stays */
    return info;
}

/* The status, with such a server; the object is checked, and freed. */
static int status_with(struct test_server *server, const char *message)
{
    DWORD handles_before, handles_after;
    struct listenfd *lfd;
    int status;

    test_server_start(server);
    GetProcessHandleCount(GetCurrentProcess(), &handles_before);
    lfd = listenfd_from_env(0);
    status = listenfd_status(lfd);
    if (!strstr(listenfd_message(lfd), message))
        print_message("message '%s'\n", listenfd_message(lfd));
    assert_non_null(strstr(listenfd_message(lfd), message));
    assert_int_equal(listenfd_count(lfd), status == LISTENFD_PASSED ? server->size / INFO_SIZE : 0);
    assert_true(is_variable_gone("SYSTEMFD_SOCKET_SERVER"));
    assert_true(is_variable_gone("SYSTEMFD_SOCKET_SECRET"));
    listenfd_free(lfd);
    test_server_stop(server);
    GetProcessHandleCount(GetCurrentProcess(), &handles_after);
    assert_true(handles_after <= handles_before); /* what the server closes is less */
    return status;
}

static int status_of(enum manner manner, const void *answer, size_t size, const char *message)
{
    struct test_server server = {.manner = manner, .answer = answer, .size = size};

    return status_with(&server, message);
}

static void test_request(void **state)
{
    struct test_server server = {.manner = ANSWER};
    char expected[64];

    (void)state;
    snprintf(expected, sizeof expected, TEST_SECRET "|%lu", GetCurrentProcessId());
    assert_int_equal(status_with(&server, ""), LISTENFD_ENOANSWER);
    assert_string_equal(server.request, expected);
}

static void test_good_answer(void **state)
{
    WSAPROTOCOL_INFOW infos[3] = {good_info(), good_info(), good_info()};

    (void)state;
    assert_int_equal(status_of(ANSWER, infos, sizeof infos, ""), LISTENFD_PASSED);
}

static void test_many_sockets(void **state)
{
    static WSAPROTOCOL_INFOW infos[200];

    (void)state;
    for (int i = 0; i < 200; i++)
        infos[i] = good_info();
    assert_int_equal(status_of(ANSWER, infos, sizeof infos, ""), LISTENFD_PASSED);
}

static void test_refused(void **state)
{
    SOCKET idle = idle_stream();
    char address[32];
    struct listenfd *lfd;

    (void)state;
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of_socket(idle));
    set_variable("SYSTEMFD_SOCKET_SERVER", address);
    set_variable("SYSTEMFD_SOCKET_SECRET", TEST_SECRET);
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_status(lfd), LISTENFD_ECONNECT);
    assert_non_null(strstr(listenfd_message(lfd), "the launcher has ended"));
    listenfd_free(lfd);
    closesocket(idle);
}

/* Connects without end, but it never gets so far: others fill the queue. */
static void test_full_queue(void **state)
{
    enum { OTHERS = 16 };
    SOCKET listener = idle_stream(), others[OTHERS];
    struct sockaddr_in address;
    int size = sizeof address;
    u_long nonblocking = 1;
    char server[32];
    struct listenfd *lfd;

    (void)state;
    assert_int_equal(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    for (int i = 0; i < OTHERS; i++) {
        others[i] = socket(AF_INET, SOCK_STREAM, 0);
        ioctlsocket(others[i], (long)FIONBIO, &nonblocking);
        connect(others[i], (struct sockaddr *)&address, size);
    }
    snprintf(server, sizeof server, "127.0.0.1:%d", port_of_socket(listener));
    set_variable("SYSTEMFD_SOCKET_SERVER", server);
    set_variable("SYSTEMFD_SOCKET_SECRET", TEST_SECRET);
    lfd = listenfd_from_env(0);
    assert_int_equal(listenfd_status(lfd), LISTENFD_ECONNECT);
    assert_non_null(strstr(listenfd_message(lfd), "or too many others connect"));
    listenfd_free(lfd);
    for (int i = 0; i < OTHERS; i++)
        closesocket(others[i]);
    closesocket(listener);
}

static void test_closed_without_answer(void **state)
{
    (void)state;
    assert_int_equal(status_of(ANSWER, NULL, 0, "is not its secret"), LISTENFD_ENOANSWER);
    assert_int_equal(status_of(CLOSE_AT_ONCE, NULL, 0, "is not its secret"), LISTENFD_ENOANSWER);
    assert_int_equal(status_of(RESET, NULL, 0, "is not its secret"), LISTENFD_ENOANSWER);
}

static void test_ragged(void **state)
{
    static const size_t sizes[] = {1, INFO_SIZE - 1, INFO_SIZE + 1, 3 * INFO_SIZE - 1};
    WSAPROTOCOL_INFOW infos[3];

    (void)state;
    memset(infos, 0, sizeof infos);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        assert_int_equal(status_of(ANSWER, infos, sizes[i], "ends within a socket"),
                         LISTENFD_ESHORT);
}

static void test_oversized(void **state)
{
    enum { SIZE = 1025 * INFO_SIZE };
    char *answer = calloc(SIZE, 1);

    (void)state;
    assert_int_equal(status_of(ANSWER, answer, SIZE, "longer than 1024 sockets"),
                     LISTENFD_ETOOLONG);
    assert_int_equal(status_of(ENDLESS, answer, 10000, "longer than 1024 sockets"),
                     LISTENFD_ETOOLONG);
    free(answer);
}

/* Wine takes some of them for sockets, and gives out numbers that are none. */
static void test_junk(void **state)
{
    static const unsigned char fillings[] = {0x00, 0xab, 0xff};
    WSAPROTOCOL_INFOW info;

    (void)state;
    for (size_t i = 0; i < sizeof fillings; i++) {
        memset(&info, fillings[i], sizeof info);
        assert_int_equal(status_of(ANSWER, &info, sizeof info, "does not accept socket 0"),
                         LISTENFD_EINFO);
    }
    info = good_info();
    info.dwServiceFlags3 = 0x7ff0; /* where Wine has the handle */
    assert_int_equal(status_of(ANSWER, &info, sizeof info, "does not accept socket 0"),
                     LISTENFD_EINFO);
}

static void test_junk_after_good(void **state)
{
    WSAPROTOCOL_INFOW infos[2];

    (void)state;
    infos[0] = good_info();
    memset(&infos[1], 0, sizeof infos[1]);
    assert_int_equal(status_of(ANSWER, infos, sizeof infos, "does not accept socket 1 of the 2"),
                     LISTENFD_EINFO);
}

static void test_same_info_twice(void **state)
{
    WSAPROTOCOL_INFOW infos[2];

    (void)state;
    infos[0] = infos[1] = good_info();
    assert_int_equal(status_of(ANSWER, infos, sizeof infos, "does not accept socket 1 of the 2"),
                     LISTENFD_EINFO);
}

static void check_deadline(enum manner manner)
{
    static const char answer[INFO_SIZE];
    ULONGLONG start = GetTickCount64(), took;

    assert_int_equal(status_of(manner, answer, sizeof answer, "did not answer in 5 seconds"),
                     LISTENFD_ETIMEDOUT);
    took = GetTickCount64() - start;
    assert_true(took >= 4900 && took < 10000);
}

static void test_silent(void **state)
{
    (void)state;
    check_deadline(SILENT);
}

/* The deadline is for all of it, not for each byte. */
static void test_slow(void **state)
{
    (void)state;
    check_deadline(SLOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_good_answer),
        cmocka_unit_test(test_many_sockets),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_full_queue),
        cmocka_unit_test(test_closed_without_answer),
        cmocka_unit_test(test_ragged),
        cmocka_unit_test(test_oversized),
        cmocka_unit_test(test_junk),
        cmocka_unit_test(test_junk_after_good),
        cmocka_unit_test(test_same_info_twice),
        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_slow),
    };

    return cmocka_run_group_tests(tests, start_winsock, NULL);
}
