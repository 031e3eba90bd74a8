/* SPDX-License-Identifier: MIT
 * The tarball that `make dist` makes of the last commit: the same bytes each time, all of the
 * commit's files and nothing else, and enough to build and test with where git is not. */
#include "consumer.h"
#include "folder.h"
#include "listenfd.h"
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "listenfd-" LISTENFD_VERSION

static char *folder;

/* folder/first and folder/second hold it; the second is made with other habits. */
static int make_twice(void **state)
{
    (void)state;
    folder = folder_create();
    if (!have_program("git") || shell_status(NULL, "git rev-parse HEAD >/dev/null 2>&1") != 0)
        return 0;
    free(build_with("make -s dist BUILD=%s/first", folder));
    free(build_with("umask 077 && TZ=Asia/Tokyo LC_ALL=C make -s dist BUILD=%s/second", folder));
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static void need_tarball(void)
{
    char *first = path_in(folder, "first");

    if (access(first, F_OK) != 0)
        skip_because("this is no repository of git, or git is not installed");
    free(first);
}

static void test_same_bytes(void **state)
{
    (void)state;
    need_tarball();
    free(shell("cmp %s/first/" NAME ".tar.gz %s/second/" NAME ".tar.gz", folder, folder));
}

static void test_contents(void **state)
{
    (void)state;
    need_tarball();
    free(shell("cd %s && tar -tzf first/" NAME ".tar.gz | grep -v /$ | sort >listed && "
               "git -C \"$OLDPWD\" ls-tree -r --name-only HEAD | sed 's|^|" NAME "/|' | sort | "
               "diff - listed",
               folder));
}

/* No path leads out of its folder, and nothing belongs to anybody in particular. */
static void test_is_harmless(void **state)
{
    (void)state;
    need_tarball();
    free(shell("! tar -tzvf %s/first/" NAME ".tar.gz | grep -v '^[d-][rwx-]* root/root .* " NAME
               "/'",
               folder));
}

/* Far from any repository: in a folder whose parents are none. */
static void test_builds_and_passes_unit_tests(void **state)
{
    char *text;

    (void)state;
    need_tarball();
    free(shell("tar -C %s -xzf %s/first/" NAME ".tar.gz", folder, folder));
    text = build_with("cd %s/" NAME " && unset BUILD && "
                      "suites=$(ls tests/unit/*.c | sed 's|\\(.*\\)\\.c|build/\\1|') && "
                      "make -s SANITIZE= all $suites && tests/run $suites",
                      folder);
    assert_non_null(strstr(text, " passed, 0 failed, 0 skipped\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_is_harmless),
        cmocka_unit_test(test_builds_and_passes_unit_tests),
    };

    return cmocka_run_group_tests(tests, make_twice, clean_up);
}
