/* SPDX-License-Identifier: MIT
 * Included by every suite: cmocka, with the headers that it needs before it. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The longest time to wait for another process. */
enum { DEADLINE_MS = 60000 };

/* Skips the rest of the test; tests/run prints the reason. */
#define skip_because(...)                       \
    do {                                        \
        print_message("skipped: " __VA_ARGS__); \
        print_message("\n");                    \
        skip();                                 \
    } while (0)

/* For a test of something that only Linux has, such as abstract names. */
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
