/* SPDX-License-Identifier: MIT
 * sd_listen_fds and sd_listen_fds_with_names of examples/sd-daemon-compat: in each environment
 * what libsystemd answers, and what it changes. */
#include "compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

/* ---- Environments ---- */

/* Two descriptors are passed, at 3 and 4. What both answer is checked too, for
 * sd_listen_fds and for sd_listen_fds_with_names: that they agree on something. */
struct environment {
    const char *variables[6];
    int count, count_with_names;
};

enum { INVALID = -22, RANGE = -34, BADF = -9 };
#define OWN "LISTEN_PID=$PID"

static const struct environment environments[] = {
    /* Well-formed. */
    {{NULL}, 0, 0},
    {{OWN, "LISTEN_FDS=2"}, 2, 2},
    {{OWN, "LISTEN_FDS=1"}, 1, 1},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=web:admin"}, 2, 2},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=:"}, 2, 2},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=:b"}, 2, 2},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=same:same"}, 2, 2},
    {{OWN, "LISTEN_FDS=1", "LISTEN_FDNAMES="}, 1, 1},
    {{OWN, "LISTEN_FDS=1", "LISTEN_FDNAMES='a b'"}, 1, 1},
    /* Not for this process, or incomplete. */
    {{"LISTEN_FDS=2"}, 0, 0},
    {{"LISTEN_FDS=junk"}, 0, 0},
    {{OWN}, 0, 0},
    {{OWN, "LISTEN_FDNAMES=a:b"}, 0, 0},
    {{"LISTEN_PID=1", "LISTEN_FDS=2"}, 0, 0},
    {{"LISTEN_PID=2147483647", "LISTEN_FDS=2", "LISTEN_FDNAMES=a"}, 0, 0},
    {{"LISTEN_PID=1", "LISTEN_FDS=junk"}, 0, 0},
    /* Numbers that nobody should write. */
    {{"LISTEN_PID=", "LISTEN_FDS=2"}, INVALID, INVALID},
    {{"LISTEN_PID=0", "LISTEN_FDS=2"}, RANGE, RANGE},
    {{"LISTEN_PID=-1", "LISTEN_FDS=2"}, RANGE, RANGE},
    {{"LISTEN_PID=1x", "LISTEN_FDS=2"}, INVALID, INVALID},
    {{"LISTEN_PID=self"}, INVALID, INVALID},
    {{"LISTEN_PID=2147483648", "LISTEN_FDS=2"}, RANGE, RANGE},
    {{"LISTEN_PID=99999999999999999999999", "LISTEN_FDS=2"}, RANGE, RANGE},
    {{"LISTEN_PID= $PID", "LISTEN_FDS=2"}, 2, 2},
    {{"LISTEN_PID=+$PID", "LISTEN_FDS=2"}, 2, 2},
    {{"LISTEN_PID=$PID ", "LISTEN_FDS=2"}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS="}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS=0"}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS=-1"}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS=-0"}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS=2x"}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS=1,2"}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS=08"}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS=2 "}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS= \t\n2"}, 2, 2},
    {{OWN, "LISTEN_FDS=+2"}, 2, 2},
    {{OWN, "LISTEN_FDS=0x2"}, 2, 2},
    {{OWN, "LISTEN_FDS=002"}, 2, 2},
    {{OWN, "LISTEN_FDS=2147483645"}, INVALID, INVALID},
    {{OWN, "LISTEN_FDS=2147483648"}, RANGE, RANGE},
    {{OWN, "LISTEN_FDS=-2147483649"}, RANGE, RANGE},
    {{OWN, "LISTEN_FDS=99999999999999999999999"}, RANGE, RANGE},
    /* More than are open: those that are become close-on-exec all the same. */
    {{OWN, "LISTEN_FDS=3"}, BADF, BADF},
    {{OWN, "LISTEN_FDS=2147483644"}, BADF, BADF},
    {{OWN, "LISTEN_FDS=3", "LISTEN_FDNAMES=a:b:c"}, BADF, BADF},
    /* Names: too few, too many, and what a backslash does. */
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=a"}, 2, INVALID},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES="}, 2, INVALID},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=a:b:c"}, 2, INVALID},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=a:b:"}, 2, INVALID},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=a\\:b:c\\d"}, 2, 2},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=a\\\\:\\\\\\:"}, 2, 2},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDNAMES=a:b\\"}, 2, INVALID},
    {{"LISTEN_PID=1", "LISTEN_FDS=2", "LISTEN_FDNAMES=a:b\\"}, 0, INVALID},
    {{"LISTEN_FDNAMES=a:b"}, 0, 0},
    /* libsystemd does not know this variable. */
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDS_FIRST_FD=3"}, 2, 2},
    {{OWN, "LISTEN_FDS=1", "LISTEN_FDS_FIRST_FD=4"}, 1, 1},
    {{OWN, "LISTEN_FDS=2", "LISTEN_FDS_FIRST_FD=junk"}, 2, 2},
};

static void describe_row(char *text, size_t size, const struct environment *row)
{
    int length = snprintf(text, size, "with");

    for (size_t i = 0; row->variables[i]; i++)
        length += snprintf(text + length, size - (size_t)length, " %s", row->variables[i]);
}

static void assert_result(const char *text, const char *call, int result, const char *row)
{
    char line[64];

    for (int unset = 0; unset <= 1; unset++) {
        snprintf(line, sizeof line, "%s(%d): %d\n", call, unset, result);
        assert_has(text, line, row);
    }
}

static void check_environment(const struct environment *row)
{
    const char *argv[] = {NULL, "listen", NULL};
    const int passed[] = {0, 0};
    char name[300], *text;

    describe_row(name, sizeof name, row);
    text = ask_both(argv,
                    &(struct launch){.environ_ = row->variables, .descriptors = passed, .count = 2},
                    name);
    assert_result(text, "sd_listen_fds", row->count, name);
    assert_result(text, "sd_listen_fds_with_names", row->count_with_names, name);
    free(text);
}

static void test_environments(void **state)
{
    (void)state;
    SKIP_WITHOUT_LIBSYSTEMD();
    for (size_t i = 0; i < COUNT(environments); i++)
        check_environment(&environments[i]);
}

/* ---- LISTEN_PIDFDID, which libsystemd knows since v259 ---- */

static int libsystemd_knows_pidfdid(void)
{
    return shell_status(NULL, "pkg-config --atleast-version=259 libsystemd") == 0;
}

static void skip_without_pidfs(void)
{
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    struct statfs system;

    if (pidfd < 0 || fstatfs(pidfd, &system) < 0 || system.f_type != 0x50494446)
        skip_because("this kernel has no pidfs (Linux 6.9)");
    close(pidfd);
}

/* What v259 answers, whichever version is here. */
static void check_pidfdid(const char *pidfdid, int result)
{
    const char *argv[] = {NULL, "listen", NULL};
    const char *const variables[] = {OWN, "LISTEN_FDS=1", pidfdid, NULL};
    const int passed[] = {0};
    const struct launch layout = {.environ_ = variables, .descriptors = passed, .count = 1};
    char *text = libsystemd_knows_pidfdid() ? ask_both(argv, &layout, pidfdid)
                                            : ask_report(report_compat, argv, &layout);

    assert_result(text, "sd_listen_fds", result, pidfdid);
    assert_result(text, "sd_listen_fds_with_names", result, pidfdid);
    assert_has(text, "LISTEN_PIDFDID is set\n", pidfdid);
    assert_has(strstr(text, "sd_listen_fds(1)"), "LISTEN_PIDFDID is not set\n", pidfdid);
    free(text);
}

static void test_pidfdid(void **state)
{
    (void)state;
    skip_without_pidfs();
    check_pidfdid("LISTEN_PIDFDID=1", 0);
    check_pidfdid("LISTEN_PIDFDID=junk", INVALID);
    check_pidfdid("LISTEN_PIDFDID=", INVALID);
}

/* systemfd sets the right one, which every version accepts; older ones do not remove it. */
static char *ask_under_systemfd(const char *program)
{
    const char *argv[] = {NULL, "-q",    "-s",     "web=0", "-s", "a\\b=unix::./own.sock",
                          "--", program, "listen", NULL};
    char *text = ask_report(tested_systemfd, argv, &(struct launch){.folder = report_folder});
    char *removed = strstr(text, "sd_listen_fds(1)");

    free(shell("rm '%s/own.sock'", report_folder));
    assert_non_null(removed);
    if (!libsystemd_knows_pidfdid())
        *removed = '\0';
    return text;
}

static void test_under_systemfd(void **state)
{
    char *expected, *got;

    (void)state;
    SKIP_WITHOUT_LIBSYSTEMD();
    expected = ask_under_systemfd(report_libsystemd);
    got = ask_under_systemfd(report_compat);
    assert_same(expected, got, "under systemfd");
    assert_has(got, "sd_listen_fds_with_names(0): 2\n", "under systemfd");
    assert_has(got, "name 'web'\nname 'ab'\nend of names\n", "under systemfd");
    free(expected);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environments),
        cmocka_unit_test(test_pidfdid),
        cmocka_unit_test(test_under_systemfd),
    };

    return cmocka_run_group_tests(tests, find_reports, forget_reports);
}
