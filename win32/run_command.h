/* SPDX-License-Identifier: MIT
 * The command as a process. */
#ifndef SYSTEMFD_RUN_COMMAND_H
#define SYSTEMFD_RUN_COMMAND_H

/* Starts it and waits for its end. Returns its exit code, or exits with a message and status
 * 126 or 127 when it cannot be started.
 *
 * Ctrl-C and Ctrl-Break reach it without us, as it shares the console; we go on waiting for
 * what it makes of them. If we are killed, it is too, with all that it started. What it left
 * running when it ended by itself is left alone, as on other systems. */
unsigned run_command(char **command);

#endif
