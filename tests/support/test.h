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

/* A test of what only Linux has, abstract names for one. */
#ifdef __linux__
#define on_linux(function) function
#else
static inline void skip_elsewhere(void **state)
{
    (void)state;
    skip_because("only Linux has this");
}
#define on_linux(function) (1 ? skip_elsewhere : (function))
#endif

#endif
