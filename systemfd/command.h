/* SPDX-License-Identifier: MIT
 * What main needs of each system: on POSIX posix/command.c, on Windows win32/command.c. */
#ifndef SYSTEMFD_COMMAND_H
#define SYSTEMFD_COMMAND_H

#include "options.h"
#include "sockets/sockets.h"

/* Before all else. On POSIX, /dev/null at the standard streams that are closed, so that no socket
 * lands there; on Windows, the arguments in UTF-8, and the use of sockets. */
void command_prepare(int *argc, char ***argv);

/* Is standard error one, and does it show colours? */
int is_on_terminal(void);
int terminal_has_colors(void);

/* Where the command finds the first socket: "fd", 3 or "socket", 0. */
extern const char socket_place[];
extern const int first_socket;

/* The command, with the sockets, in the place of systemfd: on POSIX systemfd becomes it, on
 * Windows waits for its end. Exits with a message and status 126 or 127 when that cannot be. */
void command_run(const struct options *options, const struct sockets *sockets)
    __attribute__((noreturn));

#endif
