/* SPDX-License-Identifier: MIT
 * What every suite includes: cmocka, with the headers it wants before it. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* How long anything that another process does may take. */
enum { DEADLINE_MS = 60000 };

/* Leaves the test, with the reason that tests/run prints. */
#define skip_because(...)                       \
    do {                                        \
        print_message("skipped: " __VA_ARGS__); \
        print_message("\n");                    \
        skip();                                 \
    } while (0)

#endif
