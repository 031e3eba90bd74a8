/* SPDX-License-Identifier: MIT
 * Signals: their names, and a descriptor on which a poll loop reads those that arrive. */
#ifndef SYSTEMFD_SIGNALS_H
#define SYSTEMFD_SIGNALS_H

#include <sys/types.h>

/* The number of "TERM", "SIGTERM" or "15", in upper or lower case (kill(1), POSIX); 0 for anything
 * else. */
int signal_number(const char *name);

/* The name for messages: "TERM", or "unknown". */
const char *signal_name(int number);

/* From now on each CHLD, HUP, INT, QUIT, TERM, ALRM, USR1, USR2, WINCH, TSTP and CONT is one byte,
 * the signal's number, to read from the returned descriptor, which does not block. PIPE, TTIN and
 * TTOU are ignored. Exits with a message on failure. */
int signals_open(void);

/* Was HUP ignored before signals_open, as nohup(1) does? */
int signals_nohup(void);

/* Sends TSTP, uncaught, to our own process ID, or to our process group if `who` is 0. Returns when
 * CONT has come, or at once where nobody could send that (an orphaned process group). */
void signals_stop(pid_t who);

/* To be called in a forked child: undoes signals_open, so that systemfd does not take a signal to
 * the child for its own. */
void signals_restore(void);

#endif
