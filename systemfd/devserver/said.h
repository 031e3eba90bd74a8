/* SPDX-License-Identifier: MIT
 * What a server says of itself: lines of NAME=VALUE (sd_notify(3)). */
#ifndef SYSTEMFD_SAID_H
#define SYSTEMFD_SAID_H

#include <stddef.h>

struct said {
    int ready, stopping;
    int alive;           /* WATCHDOG=1: it is not stuck */
    long long extend_ms; /* it asks for so much more time, from now; 0: it does not */
    char status[128];    /* what it is about; "": it did not say */
};

/* Adds what the message says; behind its length there is a NUL. What is unknown is ignored. */
void said_add(struct said *said, const char *message, size_t length);

#endif
