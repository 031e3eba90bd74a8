/* SPDX-License-Identifier: MIT
 * The build, of which at most one runs. */
#ifndef SYSTEMFD_BUILD_H
#define SYSTEMFD_BUILD_H

#include "options.h"
#include "page/tail.h"

/* Returns 0, after a report, when it cannot be started. */
int build_begin(const struct options *given);

/* Its process; 0: none runs. */
long build_id(void);

/* It asks the user something: its line on the terminal is not to be broken. */
void build_asks(void);

/* Asks it to end, and kills it when it does not. */
void build_stop(void);
void build_kill(void);

/* To be called when its process has ended; ends what that has left in the background. */
void build_end(void);

/* Of the last one: when it began, and what it printed. */
long long build_began(void);
const struct tail *build_output(void);

/* To be called from time to time, after build_timeout milliseconds (-1: never) at the latest. */
void build_look_after(void);
int build_timeout(void);

#endif
