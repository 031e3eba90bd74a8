/* SPDX-License-Identifier: MIT
 * What main needs of each system: on POSIX posix/command.c, on Windows win32/command.c. */
#ifndef SYSTEMFD_COMMAND_H
#define SYSTEMFD_COMMAND_H

#include "options.h"
#include "sockets/sockets.h"

/* To be called first. On POSIX it opens /dev/null for the standard streams that are closed, so that
 * no socket gets their numbers. On Windows it converts the arguments to UTF-8 and starts
 * Winsock. */
void command_prepare(int *argc, char ***argv);

/* Is standard error a terminal, and does it show colours? */
int is_on_terminal(void);
int terminal_has_colors(void);

/* Where the command finds its first socket, to be shown: "fd", 3 on POSIX, "socket", 0 on
 * Windows. */
extern const char socket_place[];
extern const int first_socket;

/* Are they passed as descriptors? */
extern const int passes_descriptors;

/* Runs the command with the sockets: on POSIX systemfd becomes the command, on Windows it waits for
 * its end. Exits with a message and status 126 or 127 when the command cannot be started. */
void command_run(const struct options *options, const struct sockets *sockets)
    __attribute__((noreturn));

#endif
