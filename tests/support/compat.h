/* SPDX-License-Identifier: MIT
 * examples/sd-daemon-compat beside libsystemd: the program sd_daemon_report, linked with the one
 * and built with the other, started with the same descriptors and variables. */
#ifndef COMPAT_H
#define COMPAT_H

#include "process.h"
#include "test.h"

#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

extern char *report_libsystemd, *report_compat; /* the two programs */
extern char *tested_systemfd, *report_folder;   /* the launcher; where the suite works */

/* For the group. */
int find_reports(void **state);
int forget_reports(void **state);

/* At the beginning of a test that needs both. */
#define SKIP_WITHOUT_LIBSYSTEMD()                            \
    do {                                                     \
        if (access(report_libsystemd, X_OK) != 0)            \
            skip_because("libsystemd-dev is not installed"); \
    } while (0)

/* A program's output, for free(). argv[0] is set here. */
char *ask_report(const char *program, const char **argv, const struct launch *layout);

/* What both say, for free(). */
char *ask_both(const char **argv, const struct launch *layout, const char *row);

/* Fails the test, and shows the first line that differs, or what is missing where. */
void assert_same(const char *expected, const char *got, const char *row);
void assert_has(const char *text, const char *part, const char *row);

#endif
