/* SPDX-License-Identifier: MIT
 * --after: a shell command that is run when a new server is ready. At most one runs; when the
 * next server is ready before it has ended, another one follows it. */
#ifndef SYSTEMFD_AFTER_H
#define SYSTEMFD_AFTER_H

#include "child.h"

void after_setup(const struct options *given, const struct sockets *given_sockets);

/* That server is ready. */
void after_ready(unsigned generation);

/* Its process; 0: none runs. That has ended. */
long after_id(void);
void after_has_ended(const struct exit_status *how);

/* None is to run any more. Asks the one that runs to end, and kills it when it does not; or
 * kills it at once. */
void after_stop(void);
void after_kill(void);

/* To be called from time to time, after after_timeout milliseconds (-1: never) at the latest. */
void after_look(void);
int after_timeout(void);

#endif
