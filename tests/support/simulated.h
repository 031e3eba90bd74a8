/* SPDX-License-Identifier: MIT
 * Shared by the simulations of the development server's cycle: pseudorandom numbers, a clock that
 * moves only when it is set, and empty functions for the parts that are not simulated. */
#ifndef SIMULATED_H
#define SIMULATED_H

#include <stdio.h>

/* A pseudorandom number below `sides`; the same sequence in each run. */
unsigned dice(unsigned sides);

/* The time that now_ms() returns. */
extern long long now;

/* The events and reports of this round, to find out what led to a failure. */
extern char story[1 << 16];

/* Begins a new round with an empty story. */
void story_begins(void);

/* Adds a line, with the time, as far as there is room. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails the test with the story unless the condition holds. */
#define CHECK(condition)                               \
    do                                                 \
        if (!(condition)) {                            \
            fputs(story, stderr);                      \
            print_message("not so: %s\n", #condition); \
            fail();                                    \
        }                                              \
    while (0)

#endif
