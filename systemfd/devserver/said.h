/* SPDX-License-Identifier: MIT
 * What a server says about itself, in lines of NAME=VALUE (sd_notify(3)). */
#ifndef SYSTEMFD_SAID_H
#define SYSTEMFD_SAID_H

#include <stddef.h>

struct said {
    int ready, stopping;
    int alive;           /* WATCHDOG=1: it is not stuck */
    int is_broken;       /* WATCHDOG=trigger: it has found an error in itself */
    long long extend_ms; /* it needs that much more time from now, or 0 */
    char status[128];    /* what it is doing; "": it has not said */
};

/* Is it a message at all? One with a NUL before its end is not. */
int said_is_text(const char *message, size_t length);

/* Is the line of that length that text? */
int said_is_line(const char *line, size_t length, const char *text);

/* The value, if the line begins with that name ("STATUS="), or NULL. It is not ended by NUL. */
const char *said_value(const char *line, const char *name);

/* Calls take with each line of the message, which NUL ends. */
void said_each_line(const char *message,
                    void (*take)(void *context, const char *line, size_t length), void *context);

/* Adds what the message says. The byte after its length must be NUL. Unknown lines are ignored. */
void said_add(struct said *said, const char *message, size_t length);

#endif
