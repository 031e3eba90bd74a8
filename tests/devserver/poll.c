/* SPDX-License-Identifier: MIT
 * Watching by looking: where the system does not report all changes, or because of --poll. */
#include "devserver.h"
#include "folder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMAND "--", "sleep", "1000"

/* An event makes systemfd look at once, long before the interval of --poll is over. */
static void test_woken(void **state)
{
    (void)state;
    START("--settle=0", "--poll=3600000", "--watch", ".", COMMAND);
    expect_ready(1);
    put("file", "1\n");
    process_signal(&systemfd, SIGCHLD);
    expect("~> changed: file");
}

static void test_often(void **state)
{
    (void)state;
    START("--settle=0", "--poll=10", "--watch", ".", COMMAND);
    expect_ready(1);
    for (unsigned i = 2; i < 5; i++) {
        in_project("echo %u >>file", i);
        expect("~> changed: file");
        expect_ready(i);
    }
}

/* ---- FUSE ---- */

/* bindfs(1) shows ../there as "here". Changes made in ../there are not reported for "here". */
static void mount_there(void)
{
    in_project("mkdir ../there here && echo 1 >../there/file");
    if (geteuid() != 0 || !have_program("bindfs") ||
        shell_status(NULL, "cd %s && bindfs ../there here", project) != 0)
        skip_because("FUSE needs root, /dev/fuse and bindfs");
}

static int unmount_there(void **state)
{
    shell_status(NULL, "umount -l %s/here", project);
    return remove_project(state);
}

static void test_fuse(void **state)
{
    (void)state;
    mount_there();
    START("--settle=0", "--watch", ".", "--watch", "here", COMMAND);
    expect("~> here is on FUSE, which does not tell of all changes: looking every 500 ms (--poll)");
    expect_ready(1);
    in_project("echo 22 >../there/file");
    expect("~> changed: here/file");
    expect_ready(2);
    put("file", "1\n"); /* the other path is still watched as usual */
    expect("~> changed: file");
}

static void test_fuse_with_polling_off(void **state)
{
    (void)state;
    mount_there();
    START("--settle=0", "--watch", "here", "--poll=0", COMMAND);
    expect_ready(1);
    in_project("echo 22 >here/file");
    expect("~> changed: here/file");
    assert_int_equal(count_lines("~> here is on"), 0);
}

#define FUSE_TEST(function) cmocka_unit_test_setup_teardown(function, create_project, unmount_there)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_woken),
        TEST(test_often),
        FUSE_TEST(test_fuse),
        FUSE_TEST(test_fuse_with_polling_off),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
