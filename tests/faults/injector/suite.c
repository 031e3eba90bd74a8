/* SPDX-License-Identifier: MIT */
#include "suite.h"

#include "devserver.h"

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
