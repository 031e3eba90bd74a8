/* SPDX-License-Identifier: MIT
 * For suites that build as users do, outside of this tree. */
#ifndef CONSUMER_H
#define CONSUMER_H

/* As shell() of process.h, without its deadline: it has as long as the suite has. */
char *build_with(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* That examples/hello, as a user built it, answers a request on a socket of that systemfd.
 * Its shared libraries are looked for in library_path first, unless that is NULL. */
void assert_serves(const char *systemfd, const char *hello, const char *library_path);

/* Teardown of the tests that call assert_serves. */
int stop_server(void **state);

#endif
