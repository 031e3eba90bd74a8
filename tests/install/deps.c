/* SPDX-License-Identifier: MIT
 * `make deps`, with an apt-get of ours in front of the system's: it only writes down how it was
 * called. What no package holds is there already, so nothing is fetched. */
#include "folder.h"
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *folder; /* bin/ is in front of PATH; calls is what apt-get was called with */

static void write_program(const char *name, const char *script)
{
    char *path = path_in(folder, name), *text;

    assert_true(asprintf(&text, "#!/bin/sh\n%s\n", script) > 0);
    write_file(path, text);
    assert_int_equal(chmod(path, 0755), 0);
    free(text);
    free(path);
}

static int create(void **state)
{
    (void)state;
    folder = folder_create();
    free(shell("mkdir %s/bin && touch %s/calls", folder, folder));
    write_program("bin/apt-get",
                  "echo \"$*\" >>\"$CALLS\"\n"
                  "case $* in *update) echo 'a list is stale' >&2; exit 100 ;; esac");
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static void need_cache(void)
{
    if (shell_status(NULL, "test -e .cache/cmocka/cmocka.c -a -e .cache/wine-i386/version") != 0)
        skip_because("make deps has not fetched everything here");
}

/* What it prints, as the user with that ID. */
static char *deps(int uid, const char *packages)
{
    char id[64];

    snprintf(id, sizeof id, "echo %d", uid);
    write_program("bin/id", id);
    return shell("CALLS=%s/calls PATH=%s/bin:$PATH tests/deps .cache %s 2>&1", folder, folder,
                 packages);
}

static void test_root_goes_on_without_one_list(void **state)
{
    char *text, *calls;

    (void)state;
    need_cache();
    text = deps(0, "gcc make");
    assert_non_null(strstr(text, "going on"));
    calls = shell("cat %s/calls", folder);
    assert_non_null(strstr(calls, "-q update\n"));
    assert_non_null(strstr(calls, "install -y --no-install-recommends gcc make\n"));
    free(calls);
    free(text);
}

static void test_user_is_told_what_is_missing(void **state)
{
    char *text, *calls;

    (void)state;
    need_cache();
    if (shell_status(NULL, "dpkg-query -W -f '${db:Status-Abbrev}' libc6 | grep -q ^ii") != 0)
        skip_because("this is no Debian");
    text = deps(1000, "libc6 no-such-package");
    assert_non_null(strstr(text, "not root"));
    assert_non_null(strstr(text, "\nno-such-package"));
    assert_null(strstr(text, "libc6"));
    calls = shell("cat %s/calls", folder);
    assert_string_equal(calls, "");
    free(calls);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_root_goes_on_without_one_list, create, destroy),
        cmocka_unit_test_setup_teardown(test_user_is_told_what_is_missing, create, destroy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
