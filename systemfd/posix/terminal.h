/* SPDX-License-Identifier: MIT
 * The terminal that systemfd was started on: its keys, and who may read it. A terminal lets one
 * process group read, and stops those others that try (termios(3), "Job control"). */
#ifndef SYSTEMFD_TERMINAL_H
#define SYSTEMFD_TERMINAL_H

#include "options.h"

#include <sys/types.h>

void terminal_open(const struct options *given);

/* To be called before each wait: the descriptor on which keys arrive, or -1. With a key each
 * is told at once, unless something runs that may ask for the terminal: it finds it as it was. */
int terminal_keys(void);
void terminal_read_keys(void);

/* For how long to wait at most; -1: for ever. */
int terminal_timeout(void);

/* Its modes as they were: before something starts that may ask for it, and at the end. */
void terminal_restore(void);

/* May a server read what is typed? Only when there is never more than one. */
int terminal_is_for_servers(void);

/* A build or server was stopped by that signal. It gets the terminal if it asked for it and may
 * have it, until it has ended; else that is reported. */
void terminal_child_stopped(pid_t leader, int number);

/* Returns whether it had the terminal, which is ours again. */
int terminal_child_ended(pid_t leader);

/* Ctrl-Z, and the end of it. */
void terminal_suspend(void);
void terminal_resume(void);

#endif
