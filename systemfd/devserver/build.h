/* SPDX-License-Identifier: MIT
 * The build. At most one runs at a time. */
#ifndef SYSTEMFD_BUILD_H
#define SYSTEMFD_BUILD_H

#include "options.h"
#include "page/tail.h"

/* Starts a build. Returns 1, or 0 after a report when it cannot be started. */
int build_begin(const struct options *given);

/* The process ID of the running build, or 0. */
long build_id(void);

/* To be called when the build may ask the user something: "building ..." would break that line. */
void build_asks(void);

/* Asks the build to end, and kills it if it does not. */
void build_stop(void);

/* Kills the build at once. */
void build_kill(void);

/* To be called when the build's process has ended. Kills what it has left in the background. */
void build_end(void);

/* The time at which the last build began. */
long long build_began(void);

/* The end of what the last build has printed. */
const struct tail *build_output(void);

/* Does what is due by now. To be called again within build_timeout milliseconds (-1: no need). */
void build_look_after(void);
int build_timeout(void);

#endif
