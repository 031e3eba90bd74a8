/* SPDX-License-Identifier: MIT
 * Signals: their names, and those that arrive, as bytes to read in a poll loop. */
#ifndef SYSTEMFD_SIGNALS_H
#define SYSTEMFD_SIGNALS_H

#include <sys/types.h>

/* The number of "TERM", "SIGTERM" or "15", in capitals or not (kill(1), POSIX); 0 for anything
 * else. */
int signal_number(const char *name);

/* "TERM" ..., for messages. */
const char *signal_name(int number);

/* Each CHLD, HUP, INT, QUIT, TERM, ALRM, USR1, USR2, WINCH, TSTP and CONT from now on is a byte,
 * its number, to read from the descriptor returned; PIPE, TTIN and TTOU are ignored. */
int signals_open(void);

/* Was HUP ignored before, as nohup(1) does? */
int signals_nohup(void);

/* Sends TSTP as if it were not caught, to ourselves or with 0 to our process group, and returns
 * when somebody has sent CONT; at once where nobody could (an orphaned process group). */
void signals_stop(pid_t who);

/* In a child: undoes signals_open. A signal to the child must not be taken for one to systemfd. */
void signals_restore(void);

#endif
