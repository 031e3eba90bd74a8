/* SPDX-License-Identifier: MIT
 * The terminal that systemfd was started on: its keys, and which processes may read it. A terminal
 * lets one process group read, and stops all others that try (termios(3), "Job control"). */
#ifndef SYSTEMFD_TERMINAL_H
#define SYSTEMFD_TERMINAL_H

#include "options.h"

#include <sys/types.h>

/* Opens the controlling terminal, if there is one. Keeps the options. */
void terminal_open(const struct options *given);

/* The descriptor on which keys arrive, or -1; to be called before each wait. Has the terminal
 * deliver each key at once, unless a process runs that may ask for the terminal: that process finds
 * its modes as they were. */
int terminal_keys(void);

/* Reads keys and acts on them; to be called when that descriptor is readable. */
void terminal_read_keys(void);

/* The longest time to wait, in milliseconds; -1: for ever. */
int terminal_timeout(void);

/* Restores the modes: before a process starts that may ask for the terminal, and at the end. */
void terminal_restore(void);

/* May a server read what is typed? Only if there is one at a time: with --stop-first, which ends
 * the old one first, and without --workers. */
int terminal_is_for_servers(void);

/* To be called when a build or server was stopped by that signal. If it asked for the terminal and
 * may have it, it has it until it ends; otherwise that is reported. If it has the terminal and was
 * stopped by Ctrl-Z, systemfd stops, too. */
void terminal_child_stopped(pid_t leader, int number);

/* To be called when a leader has ended. Takes back the terminal if it had it; returns whether. */
int terminal_child_ended(pid_t leader);

/* Stops systemfd, as Ctrl-Z asks. */
void terminal_suspend(void);

/* To be called when CONT has arrived. */
void terminal_resume(void);

#endif
