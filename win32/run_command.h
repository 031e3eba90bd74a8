/* SPDX-License-Identifier: MIT
 * The command as a process. */
#ifndef SYSTEMFD_RUN_COMMAND_H
#define SYSTEMFD_RUN_COMMAND_H

/* Starts it and waits for its end. Returns its exit code, or exits with a message and status 126 or
 * 127 when it cannot be started. Ctrl-C and Ctrl-Break reach it without us, because it shares the
 * console; we go on waiting, whatever it does about them. If we are killed, so is the command, with
 * everything that it started. What it leaves running when it ends by itself is left alone, as on
 * other systems. */
unsigned run_command(char **command);

#endif
