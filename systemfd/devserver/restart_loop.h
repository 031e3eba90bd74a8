/* SPDX-License-Identifier: MIT
 * Slows down restarts that cause each other: builds that follow because of what changed during the
 * one before, and servers that write into what is watched each time they start. Each one waits
 * longer than the one before, but none is given up. */
#ifndef SYSTEMFD_RESTART_LOOP_H
#define SYSTEMFD_RESTART_LOOP_H

/* Notes a change during a build. path is NULL if it is not known which file has changed. */
void restart_loop_build_changed(const char *path);

/* Notes a change while no build ran, soon after the start of a server or later. */
void restart_loop_changed(const char *path, int soon_after_start);

/* How long the restart for these changes must wait, in milliseconds: 0, or 1000 and more. */
int restart_loop_wait(void);

/* Reports that it waits, and what can be done about it; once for each restart. */
void restart_loop_tell(void);

/* How many builds in a row followed because of the one before. */
unsigned restart_loop_builds(void);

/* To be called at each restart. */
void restart_loop_restarts(void);

/* To be called at a restart by hand, which ends any loop. */
void restart_loop_ends(void);

#endif
