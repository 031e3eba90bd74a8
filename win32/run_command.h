/* SPDX-License-Identifier: MIT
 * Runs the command as a child process. */
#ifndef SYSTEMFD_RUN_COMMAND_H
#define SYSTEMFD_RUN_COMMAND_H

/* Starts the command and waits for its end. Returns its exit code, or exits with a message and
 * status 126 or 127 when it cannot be started. Ctrl-C and Ctrl-Break reach it without us, because
 * it shares the console; we go on waiting, whatever it does about them. If we are killed, so is the
 * command, with everything that it started. If it ends by itself, processes that it leaves running
 * go on, as on other systems. */
unsigned run_command(char **command);

#endif
