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
#define TARBALL "build/" NAME ".tar.gz"

static char *folder; /* holds two clones, first/ and second/, each with its tarball */

/* Of this tree, also of what is not committed; the second is made with other habits. */
static int make_twice(void **state)
{
    (void)state;
    folder = folder_create();
    if (!have_program("git"))
        return 0;
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    unsetenv("GIT_DIR"); /* of a hook that runs these tests */
    unsetenv("GIT_WORK_TREE");
    unsetenv("GIT_INDEX_FILE");
    free(
        build_with("git='git --git-dir=%s/git --work-tree=.' && "
                   "$git init -q && $git add -A && "
                   "$git -c user.name=tests -c user.email=tests@listenfd.invalid commit -q -m . && "
                   "git clone -q %s/git %s/first && git clone -q %s/git %s/second",
                   folder, folder, folder, folder, folder));
    free(build_with("unset BUILD && make -s -C %s/first dist", folder));
    free(build_with("unset BUILD && umask 077 && TZ=Asia/Tokyo LC_ALL=C make -s -C %s/second dist",
                    folder));
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
    if (!have_program("git"))
        skip_because("git is not installed");
}

static void test_same_bytes(void **state)
{
    (void)state;
    need_tarball();
    free(shell("cmp %s/first/" TARBALL " %s/second/" TARBALL, folder, folder));
}

static void test_contents(void **state)
{
    (void)state;
    need_tarball();
    free(shell("cd %s && tar -tzf first/" TARBALL " | grep -v /$ | sort >listed && "
               "git -C first ls-tree -r --name-only HEAD | sed 's|^|" NAME "/|' | sort | "
               "diff - listed",
               folder));
}

/* No path leads out of its folder, and nothing belongs to anybody in particular. */
static void test_is_harmless(void **state)
{
    (void)state;
    need_tarball();
    free(shell("! tar -tzvf %s/first/" TARBALL " | grep -v '^[d-][rwx-]* root/root .* " NAME "/'",
               folder));
}

/* Far from any repository: in a folder whose parents are none. */
static void test_builds_and_passes_unit_tests(void **state)
{
    char *text;

    (void)state;
    need_tarball();
    free(shell("tar -C %s -xzf %s/first/" TARBALL, folder, folder));
    text = build_with("cd %s/" NAME " && unset BUILD && "
                      "suites=$(ls tests/unit/*.c | sed 's|\\(.*\\)\\.c|build/\\1|') && "
                      "make -s SANITIZE= all $suites && tests/run $suites",
                      folder);
    assert_non_null(strstr(text, " passed, 0 failed, "));
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
