/* SPDX-License-Identifier: MIT
 * What main() needs from the system, in posix/command.c and win32/command.c. */
#ifndef SYSTEMFD_COMMAND_H
#define SYSTEMFD_COMMAND_H

#include "options.h"
#include "sockets/sockets.h"

/* To be called first. On POSIX it opens /dev/null for each standard stream that is closed, so that
 * no socket gets its number. On Windows it converts the arguments to UTF-8 and starts Winsock. */
void command_prepare(int *argc, char ***argv);

/* Is standard error a terminal? */
int is_on_terminal(void);

/* Is it one that shows colours? */
int terminal_has_colors(void);

/* Where the command finds its first socket, for reports: "fd" and 3 on POSIX, "socket" and 0 on
 * Windows. */
extern const char socket_place[];
extern const int first_socket;

/* Are sockets passed as descriptors? On POSIX they are. */
extern const int passes_descriptors;

/* Runs the command with the sockets. On POSIX systemfd becomes the command; on Windows it waits for
 * the command's end. Exits with a message and status 126 or 127 if it cannot be started. */
void command_run(const struct options *options, const struct sockets *sockets)
    __attribute__((noreturn));

#endif
