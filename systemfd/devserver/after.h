/* SPDX-License-Identifier: MIT
 * --after: a shell command that runs when a new server is ready. At most one runs at a time. If
 * other servers become ready meanwhile, it runs once more for the last of them. */
#ifndef SYSTEMFD_AFTER_H
#define SYSTEMFD_AFTER_H

#include "child.h"

/* To be called first. Both pointers are kept. */
void after_setup(const struct options *given, const struct sockets *given_sockets);

/* Runs the command for the server of that generation, now or when the running one has ended. */
void after_ready(unsigned generation);

/* The process ID of the running command, or 0. */
long after_id(void);

/* To be called when that process has ended. */
void after_has_ended(const struct exit_status *how);

/* Asks the running command to end, and kills it if it does not. No more will be started. */
void after_stop(void);

/* Kills the running command at once. */
void after_kill(void);

/* Does what is due by now. To be called again within after_timeout milliseconds (-1: no need). */
void after_look(void);
int after_timeout(void);

#endif
