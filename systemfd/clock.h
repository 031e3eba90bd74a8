/* SPDX-License-Identifier: MIT
 * Time, in milliseconds of a clock that setting the time of day does not change. */
#ifndef SYSTEMFD_CLOCK_H
#define SYSTEMFD_CLOCK_H

long long now_ms(void);

/* How long to wait until then, at most a minute. */
int until(long long when);

/* The shorter of two waits; -1 means for ever. */
int earlier(int a, int b);

/* The later of two times. */
long long later(long long a, long long b);

/* What has passed since then: "340 ms", "2.31 s". Valid until the next call. */
const char *since(long long start);

#endif
