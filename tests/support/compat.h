/* SPDX-License-Identifier: MIT
 * Compares examples/sd-daemon-compat with libsystemd. The program sd_daemon_report exists twice,
 * built with each; both are started with the same descriptors and variables. */
#ifndef COMPAT_H
#define COMPAT_H

#include "process.h"
#include "test.h"

#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

extern char *report_libsystemd, *report_compat; /* the two programs */
extern char *tested_systemfd, *report_folder;   /* the launcher; the suite's working folder */

/* Setup and teardown of the group. */
int find_reports(void **state);
int forget_reports(void **state);

/* For the beginning of a test that needs both programs. */
#define SKIP_WITHOUT_LIBSYSTEMD()                            \
    do {                                                     \
        if (access(report_libsystemd, X_OK) != 0)            \
            skip_because("libsystemd-dev is not installed"); \
    } while (0)

/* Runs the program and returns its output, for free(). Sets argv[0]. */
char *ask_report(const char *program, const char **argv, const struct launch *layout);

/* The output of both, which must be the same; for free(). row describes the case in a message. */
char *ask_both(const char **argv, const struct launch *layout, const char *row);

/* Fails the test unless both texts are equal, and shows the first line that differs. */
void assert_same(const char *expected, const char *got, const char *row);

/* Fails the test unless the text contains that part, and shows both. */
void assert_has(const char *text, const char *part, const char *row);

#endif
