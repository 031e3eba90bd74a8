/* SPDX-License-Identifier: MIT
 * For suites that build outside of this tree, as users do. */
#ifndef CONSUMER_H
#define CONSUMER_H

/* Like shell() of process.h, but without a deadline other than that of the suite. */
char *build_with(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Checks that examples/hello, as a user built it, answers a request on a socket of that systemfd.
 * Shared libraries are searched in library_path first, unless that is NULL. */
void assert_serves(const char *systemfd, const char *hello, const char *library_path);

/* Teardown for tests that call assert_serves. */
int stop_server(void **state);

#endif
