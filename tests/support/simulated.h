/* SPDX-License-Identifier: MIT
 * What simulations of the development server's cycle share: chance, a clock that stands still
 * unless it is set, and what nobody looks at. */
#ifndef SIMULATED_H
#define SIMULATED_H

#include <stdio.h>

/* One of so many, from 0: the same ones in each run. */
unsigned dice(unsigned sides);

/* What now_ms() says. */
extern long long now;

/* What has happened in this round, with what was reported, for who must find out why. */
extern char story[1 << 16];
void story_begins(void);
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Shows the round that led to it. */
#define CHECK(condition)                               \
    do                                                 \
        if (!(condition)) {                            \
            fputs(story, stderr);                      \
            print_message("not so: %s\n", #condition); \
            fail();                                    \
        }                                              \
    while (0)

#endif
