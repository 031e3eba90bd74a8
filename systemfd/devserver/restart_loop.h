/* SPDX-License-Identifier: MIT
 * What feeds itself must not spin: builds that follow each other because of what changed during
 * the one before, and servers that write into what is watched each time they start. They wait
 * longer each time, and nothing is given up on. */
#ifndef SYSTEMFD_RESTART_LOOP_H
#define SYSTEMFD_RESTART_LOOP_H

/* A change calls for a restart: one during a build; one while none ran, soon after
 * the start of a server or later. */
void restart_loop_build_changed(const char *path);
void restart_loop_changed(const char *path, int soon_after_start);

/* How many milliseconds the restart that these changes call for has to wait: 0, or a second and
 * more. Says so, once for each restart, and what can be done about it. */
int restart_loop_wait(void);
void restart_loop_tell(void);

/* How many builds in a row there were because of the one before? */
unsigned restart_loop_builds(void);

/* It restarts now. By hand: whatever it was is over. */
void restart_loop_restarts(void);
void restart_loop_ends(void);

#endif
