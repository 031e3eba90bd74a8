/* SPDX-License-Identifier: MIT
 * sd_notify, sd_notifyf, sd_watchdog_enabled and sd_booted of examples/sd-daemon-compat: in each
 * environment what libsystemd answers, what it changes, and what arrives at the other side. */
#include "compat.h"

#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* In $HERE the manager listens. */
static const char *const environments[][4] = {
    {NULL},
    /* Where. */
    {"NOTIFY_SOCKET=$HERE"},
    {"NOTIFY_SOCKET="},
    {"NOTIFY_SOCKET=/"},
    {"NOTIFY_SOCKET=@"},
    {"NOTIFY_SOCKET=x"},
    {"NOTIFY_SOCKET=xyz"},
    {"NOTIFY_SOCKET=./xyz"},
    {"NOTIFY_SOCKET=/no/such/socket"},
    {"NOTIFY_SOCKET=/dev/null"},
    {"NOTIFY_SOCKET=@no-such-socket-of-listenfd"},
    {"NOTIFY_SOCKET=/"
     "1234567890123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890"},
    {"NOTIFY_SOCKET=@"
     "1234567890123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890"},
    /* The watchdog. */
    {"WATCHDOG_USEC=30000000"},
    {"WATCHDOG_USEC=30000000", "WATCHDOG_PID=$PID"},
    {"WATCHDOG_USEC=30000000", "WATCHDOG_PID=1"},
    {"WATCHDOG_PID=$PID"},
    {"WATCHDOG_USEC="},
    {"WATCHDOG_USEC=0"},
    {"WATCHDOG_USEC=-1"},
    {"WATCHDOG_USEC=+5"},
    {"WATCHDOG_USEC= 5"},
    {"WATCHDOG_USEC=5 "},
    {"WATCHDOG_USEC=5x"},
    {"WATCHDOG_USEC=0x10"},
    {"WATCHDOG_USEC=010"},
    {"WATCHDOG_USEC=18446744073709551614"},
    {"WATCHDOG_USEC=18446744073709551615"},
    {"WATCHDOG_USEC=18446744073709551616"},
    {"WATCHDOG_USEC=5", "WATCHDOG_PID="},
    {"WATCHDOG_USEC=5", "WATCHDOG_PID=0"},
    {"WATCHDOG_USEC=5", "WATCHDOG_PID=-1"},
    {"WATCHDOG_USEC=5", "WATCHDOG_PID=x"},
    {"WATCHDOG_USEC=5", "WATCHDOG_PID=2147483648"},
    {"WATCHDOG_USEC=0", "WATCHDOG_PID=x"},
};

/* What the program says, and then what arrived; for free(). */
static char *ask(const char *program, const char *const *row, int manager, const char *here)
{
    const char *argv[] = {program, "notify", NULL}, *variables[4] = {NULL};
    char place[128], message[8192], *said, *all;
    ssize_t length;

    snprintf(place, sizeof place, "NOTIFY_SOCKET=%s", here);
    for (size_t i = 0; row[i]; i++)
        variables[i] = strcmp(row[i], "NOTIFY_SOCKET=$HERE") == 0 ? place : row[i];
    said = ask_report(program, argv, &(struct launch){.environ_ = variables});
    while ((length = recv(manager, message, sizeof message - 1, MSG_DONTWAIT)) >= 0) {
        message[length] = '\0';
        assert_true(asprintf(&all, "%sarrived: %s\n", said, message) > 0);
        free(said);
        said = all;
    }
    return said;
}

static void test_environments(void **state)
{
    const char *here = abstract_name("notify");
    int manager = unix_socket(SOCK_DGRAM, here);

    (void)state;
    SKIP_WITHOUT_LIBSYSTEMD();
    for (size_t i = 0; i < COUNT(environments); i++) {
        const char *name = environments[i][0] ? environments[i][0] : "nothing";
        char *expected = ask(report_libsystemd, environments[i], manager, here);
        char *got = ask(report_compat, environments[i], manager, here);
        assert_same(expected, got, name);
        assert_has(got, "levels <0><1><2><3><4><5><6><7>\n", name);
        assert_has(got, i == 1 ? "sd_notify(0, 2): 1\n" : "sd_notify(0, 2): ", name);
        assert_has(got, i == 1 ? "arrived: STATUS=3 of four\n" : "", name);
        free(expected);
        free(got);
    }
    close(manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environments),
    };

    return cmocka_run_group_tests(tests, find_reports, forget_reports);
}
