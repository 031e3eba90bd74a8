/* SPDX-License-Identifier: MIT
 * listenfd_notify and listenfd_watchdog: what arrives, where, and what they return. */
#include "listenfd.h"

#include "folder.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOME_ERROR = 4711 };

static int enter_folder(void **state)
{
    *state = folder_create();
    return chdir(*state);
}

static int leave_folder(void **state)
{
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(chdir("/"), 0);
    folder_remove(*state);
    return 0;
}

static void check(const char *state, int expected)
{
    size_t before = count_descriptors();
    int result;

    errno = SOME_ERROR;
    result = listenfd_notify(state);
    if (result != expected)
        fail_msg("'%s' to %s: %d (%s)", state ? state : "(NULL)", getenv("NOTIFY_SOCKET"), result,
                 listenfd_strerror(result));
    if (result != LISTENFD_ESYSTEM)
        assert_int_equal(errno, SOME_ERROR);
    assert_int_equal(count_descriptors(), before);
}

/* The next message; "" when none is there. */
static const char *arrived(int fd)
{
    static char text[8192];
    ssize_t length = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);

    text[length > 0 ? length : 0] = '\0';
    return text;
}

static int manager(const char *where)
{
    assert_int_equal(setenv("NOTIFY_SOCKET", where, 1), 0);
    return unix_socket(SOCK_DGRAM, where);
}

/* ---- Sent ---- */

static void check_sent(const char *where)
{
    int fd = manager(where);

    check("READY=1", 1);
    assert_string_equal(arrived(fd), "READY=1");
    check("STATUS=1 of 2\nERRNO=2", 1);
    assert_string_equal(arrived(fd), "STATUS=1 of 2\nERRNO=2");
    assert_non_null(getenv("NOTIFY_SOCKET"));
    close(fd);
}

static void test_sent(void **state)
{
    char *path = path_in(*state, "notify");

    check_sent(path);
    check_sent(abstract_name("notify"));
    free(path);
}

static void test_as_long_as_it_may_be(void **state)
{
    int fd = manager(abstract_name("long"));
    char text[4096];

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "STATUS=", 7);
    text[sizeof text - 1] = '\0';
    check(text, 1);
    assert_string_equal(arrived(fd), text);
    close(fd);
}

static uint64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void check_reloading(int fd, const char *text, const char *before_number)
{
    uint64_t before = now_usec(), number;
    const char *got;

    check(text, 1);
    got = arrived(fd);
    assert_int_equal(strncmp(got, before_number, strlen(before_number)), 0);
    got += strlen(before_number);
    assert_int_equal(strspn(got, "0123456789"), strlen(got));
    number = strtoull(got, NULL, 10);
    assert_true(number >= before && number <= now_usec());
}

static void test_reloading(void **state)
{
    static const char *const as_they_are[] = {"RELOADING=1\nMONOTONIC_USEC=5",
                                              "MONOTONIC_USEC=5\nRELOADING=1",
                                              "RELOADING=0",
                                              "RELOADING=10",
                                              "XRELOADING=1",
                                              "STATUS=RELOADING=1"};
    int fd = manager(abstract_name("reload"));

    (void)state;
    check_reloading(fd, "RELOADING=1", "RELOADING=1\nMONOTONIC_USEC=");
    check_reloading(fd, "RELOADING=1\nSTATUS=x", "RELOADING=1\nSTATUS=x\nMONOTONIC_USEC=");
    check_reloading(fd, "STATUS=x\nRELOADING=1", "STATUS=x\nRELOADING=1\nMONOTONIC_USEC=");
    for (size_t i = 0; i < sizeof as_they_are / sizeof as_they_are[0]; i++) {
        check(as_they_are[i], 1);
        assert_string_equal(arrived(fd), as_they_are[i]);
    }
    close(fd);
}

/* ---- Not sent ---- */

static void test_nobody(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    check("READY=1", 0);
    check("RELOADING=1", 0);
}

static void test_nothing_to_say(void **state)
{
    int fd = manager(abstract_name("nothing"));

    (void)state;
    check(NULL, LISTENFD_EINVAL);
    assert_string_equal(arrived(fd), "");
    check("", 1); /* as sd_notify */
    close(fd);
}

static void test_malformed(void **state)
{
    static const char *const values[] = {"/",
                                         "",
                                         "notify",
                                         "@",
                                         "./notify",
                                         "vsock",
                                         "vsock:",
                                         "vsock:1",
                                         "vsock:1:",
                                         "vsock::1",
                                         "vsock:x:1",
                                         "vsock:1:x",
                                         "vsock:1:1:1",
                                         "vsock:1:1 ",
                                         "vsock:4294967295:1",
                                         "vsock:11111111111111:1"};
    char path[200];

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        setenv("NOTIFY_SOCKET", values[i], 1);
        check("READY=1", LISTENFD_ENOTIFY);
    }
    memset(path, '/', sizeof path);
    path[sizeof path - 1] = '\0';
    setenv("NOTIFY_SOCKET", path, 1);
    check("READY=1", LISTENFD_ENOTIFY);
}

static void test_system_refuses(void **state)
{
    char *path = path_in(*state, "notify");
    int fd = manager(path);

    close(fd);
    check("READY=1", LISTENFD_ESYSTEM);
    assert_int_equal(errno, ECONNREFUSED);
    unlink(path);
    check("READY=1", LISTENFD_ESYSTEM);
    assert_int_equal(errno, ENOENT);
    free(path);
}

/* ---- Watchdog ---- */

static void set(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void check_watchdog(const char *usec, const char *pid, int expected, uint64_t value)
{
    uint64_t got = 5;
    int result;

    set("WATCHDOG_USEC", usec);
    set("WATCHDOG_PID", pid);
    errno = SOME_ERROR;
    result = listenfd_watchdog(&got);
    if (result != expected || got != value)
        fail_msg("'%s', '%s': %d, %" PRIu64, usec ? usec : "(unset)", pid ? pid : "(unset)", result,
                 got);
    assert_int_equal(errno, SOME_ERROR);
    assert_int_equal(listenfd_watchdog(NULL), expected);
}

static void test_watchdog(void **state)
{
    static const char *const malformed[] = {
        "", "0", "-1", "+1", " 1", "1 ", "0x1", "1.5", "18446744073709551615"};
    char self[16];

    (void)state;
    snprintf(self, sizeof self, "%ld", (long)getpid());
    check_watchdog(NULL, NULL, 0, 0);
    check_watchdog(NULL, self, 0, 0);
    check_watchdog("1", NULL, 1, 1);
    check_watchdog("30000000", self, 1, 30000000);
    check_watchdog("18446744073709551614", self, 1, UINT64_MAX - 1);
    check_watchdog("30000000", "1", 0, 0);
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        check_watchdog(malformed[i], NULL, LISTENFD_EWATCHDOG, 0);
        check_watchdog("1", i < 8 ? malformed[i] : "2147483648", LISTENFD_EWATCHDOG, 0);
    }
    set("WATCHDOG_USEC", NULL);
    set("WATCHDOG_PID", NULL);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(on_linux(test_sent)),
        IN_A_FOLDER(on_linux(test_as_long_as_it_may_be)),
        IN_A_FOLDER(on_linux(test_reloading)),
        IN_A_FOLDER(test_nobody),
        IN_A_FOLDER(on_linux(test_nothing_to_say)),
        IN_A_FOLDER(test_malformed),
        IN_A_FOLDER(test_system_refuses),
        cmocka_unit_test(test_watchdog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
