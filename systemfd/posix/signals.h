/* SPDX-License-Identifier: MIT
 * Signals: their names, and those that arrive, as bytes to read in a poll loop. */
#ifndef SYSTEMFD_SIGNALS_H
#define SYSTEMFD_SIGNALS_H

/* "TERM", "SIGTERM" or "15"; 0 where it is none. Capitals do not matter (kill(1), POSIX). */
int signal_number(const char *name);

/* "TERM" ..., for messages. */
const char *signal_name(int number);

/* Each CHLD, HUP, INT and TERM from now on is a byte, its number, to read from the
 * descriptor returned; PIPE is ignored. */
int signals_open(void);

/* Was HUP ignored before, as nohup(1) does it? */
int signals_nohup(void);

/* In a child: as it was before signals_open. A signal to it must not be one to systemfd. */
void signals_restore(void);

#endif
