/* SPDX-License-Identifier: MIT */
#include "suite.h"

#include "devserver.h"
#include "injector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int find_faulty_systemfd(void **state)
{
    struct rlimit few = {256, 256}; /* process_start closes all that there may be */
    char *folder = build_folder(), *path;

    find_programs_and_orphans(state);
    assert_true(asprintf(&path, "%s/tests/faults/bin:%s", folder, getenv("PATH")) > 0);
    setenv("PATH", path, 1);
    free(path);
    free(folder);
    return setrlimit(RLIMIT_NOFILE, &few);
}

int all_faults_wanted(void)
{
    const char *faults = getenv("FAULTS");

    return faults && strcmp(faults, "all") == 0;
}

int run_rows(const char *name, CMUnitTestFunction first, CMUnitTestFunction each,
             CMFixtureFunction tear_down, CMFixtureFunction prepare, CMFixtureFunction finish)
{
    struct CMUnitTest tests[1 + MOST_ROWS] = {
        cmocka_unit_test_setup_teardown(first, create_project, tear_down)};
    size_t count = 1;

    for (const struct call *call = calls; call->name; call++)
        tests[count++] = (struct CMUnitTest){.name = call->name,
                                             .test_func = each,
                                             .setup_func = create_project,
                                             .teardown_func = tear_down,
                                             .initial_state = (void *)(uintptr_t)call};
    return _cmocka_run_group_tests(name, tests, count, prepare, finish);
}
