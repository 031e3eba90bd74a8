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

/* ---- The development server, with one fault ---- */

extern struct injected {
    const char *call;
    unsigned number; /* 0: none fails, and all calls are logged */
    int error;
} injected;

/* For its environment, with FAULT_LOG=../log. */
const char *fault_variable(void);

/* How often each was called in the last run, by row of the table: added to these. */
void count_calls(unsigned *counts);

/* Reads what it has printed so far, into systemfd.text. */
void read_output(void);

/* Asks it to end until it does; the signal, too, may get lost. */
void end_systemfd(void);

/* By itself it has ended with status 1 and the reason, unless it is that which fails; never by a
 * signal that was not ours. Nothing is left of it, and no path "sock". */
void check_end(void);

/* To tear down: what a test was about, if it failed; and remove_project. */
int print_fault(void **state);

#endif
