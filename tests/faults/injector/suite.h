/* SPDX-License-Identifier: MIT
 * What the suites that start systemfd have in common. */
#ifndef SUITE_H
#define SUITE_H

/* "systemfd" is the one with the injector from now on. For the group. */
int find_faulty_systemfd(void **state);

/* FAULTS=all: every error of every call is to be tried, not a choice. */
int all_faults_wanted(void);

#endif
