/* SPDX-License-Identifier: MIT
 * What the suites that start systemfd have in common. */
#ifndef SUITE_H
#define SUITE_H

#include "test.h"

/* "systemfd" is the one with the injector from now on. For the group. */
int find_faulty_systemfd(void **state);

enum { MOST_ROWS = 128 }; /* of calls.h */

/* One test without a fault, which may count the calls; then one for each row of calls.h, a call
 * which that test finds in *state. Each has a project of its own. */
int run_rows(const char *name, CMUnitTestFunction first, CMUnitTestFunction each,
             CMFixtureFunction tear_down, CMFixtureFunction prepare, CMFixtureFunction finish);

/* FAULTS=all: every error of every call is to be tried, not a choice. */
int all_faults_wanted(void);

#endif
