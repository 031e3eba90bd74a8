/* SPDX-License-Identifier: MIT
 * listenfd_notify on Windows: what a launcher's pipe receives (win32/PROTOCOL.md), and from whom.
 */
#include "listenfd.h"

#include "server.h"

#include <stdio.h>
#include <string.h>

enum { SOME_ERROR = 4711 };

static char pipe_name[80];

static HANDLE open_pipe(void)
{
    HANDLE pipe = CreateNamedPipeA(
        pipe_name, PIPE_ACCESS_INBOUND | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED,
        PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS, 1, 0, 4096, 0,
        NULL);

    assert_true(pipe != INVALID_HANDLE_VALUE);
    set_variable("NOTIFY_SOCKET", pipe_name);
    return pipe;
}

static OVERLAPPED waiting;

static void wait_for_client(HANDLE pipe)
{
    memset(&waiting, 0, sizeof waiting);
    waiting.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    assert_true(!ConnectNamedPipe(pipe, &waiting) && GetLastError() == ERROR_IO_PENDING);
}

/* The client has gone already. */
static void assert_arrived(HANDLE pipe, const char *expected)
{
    static char text[5000];
    DWORD length = 0;
    ULONG client = 0;

    assert_true(GetOverlappedResult(pipe, &waiting, &length, TRUE));
    assert_true(GetNamedPipeClientProcessId(pipe, &client));
    assert_int_equal(client, GetCurrentProcessId());
    if (!ReadFile(pipe, text, sizeof text - 1, NULL, &waiting))
        assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    assert_true(GetOverlappedResult(pipe, &waiting, &length, TRUE));
    text[length] = '\0';
    assert_string_equal(text, expected);
    DisconnectNamedPipe(pipe);
    CloseHandle(waiting.hEvent);
}

static void check(const char *state, int expected)
{
    WSASetLastError(SOME_ERROR);
    int result = listenfd_notify(state);
    if (result != expected)
        fail_msg("%d (%s), error %d", result, listenfd_strerror(result), WSAGetLastError());
    if (expected != LISTENFD_ESYSTEM)
        assert_int_equal(WSAGetLastError(), SOME_ERROR);
}

static void test_sent(void **state)
{
    HANDLE pipe = open_pipe();
    char text[4096];

    (void)state;
    wait_for_client(pipe);
    check("READY=1", 1);
    assert_arrived(pipe, "READY=1");
    wait_for_client(pipe);
    check("STATUS=a\nRELOADING=1", 1);
    assert_arrived(pipe, "STATUS=a\nRELOADING=1");
    wait_for_client(pipe);
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    check(text, 1);
    assert_arrived(pipe, text);
    CloseHandle(pipe);
}

/* Its one instance has a client that says nothing: not for ever. */
static void test_busy(void **state)
{
    HANDLE pipe = open_pipe();
    ULONGLONG before = GetTickCount64();
    HANDLE silent;

    (void)state;
    wait_for_client(pipe);
    silent = CreateFileA(pipe_name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(silent != INVALID_HANDLE_VALUE);
    check("READY=1", LISTENFD_ESYSTEM);
    assert_int_equal(WSAGetLastError(), ERROR_PIPE_BUSY);
    assert_true(GetTickCount64() - before < 20000);
    CloseHandle(silent);
    CloseHandle(pipe);
}

static void test_not_sent(void **state)
{
    (void)state;
    set_variable("NOTIFY_SOCKET", NULL);
    check("READY=1", 0);
    check(NULL, LISTENFD_EINVAL);
    set_variable("NOTIFY_SOCKET", "127.0.0.1:1");
    check("READY=1", LISTENFD_ENOTIFY);
    set_variable("NOTIFY_SOCKET", "\\\\.\\pipe\\listenfd-nobody");
    check("READY=1", LISTENFD_ESYSTEM);
    assert_int_equal(WSAGetLastError(), ERROR_FILE_NOT_FOUND);
}

static void test_watchdog(void **state)
{
    uint64_t usec = 5;
    char self[16];

    (void)state;
    snprintf(self, sizeof self, "%lu", GetCurrentProcessId());
    assert_int_equal(listenfd_watchdog(&usec), 0);
    assert_int_equal(usec, 0);
    set_variable("WATCHDOG_USEC", "30000000");
    set_variable("WATCHDOG_PID", self);
    assert_int_equal(listenfd_watchdog(&usec), 1);
    assert_int_equal(usec, 30000000);
    set_variable("WATCHDOG_PID", "1");
    assert_int_equal(listenfd_watchdog(&usec), 0);
    set_variable("WATCHDOG_PID", "x");
    assert_int_equal(listenfd_watchdog(&usec), LISTENFD_EWATCHDOG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sent),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_not_sent),
        cmocka_unit_test(test_watchdog),
    };

    snprintf(pipe_name, sizeof pipe_name, "\\\\.\\pipe\\listenfd-test-%lu", GetCurrentProcessId());
    return cmocka_run_group_tests(tests, start_winsock, NULL);
}
