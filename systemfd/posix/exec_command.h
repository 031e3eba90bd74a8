/* SPDX-License-Identifier: MIT
 * Passing the sockets: descriptors, variables, exec. */
#ifndef SYSTEMFD_EXEC_COMMAND_H
#define SYSTEMFD_EXEC_COMMAND_H

#include "sockets/sockets.h"

enum { FIRST_FD = 3 };

/* Becomes the command, with the sockets at 3, 4, ... and nothing else open above 2. Exits
 * with a message and status 126 or 127 when it cannot. */
void exec_command(const struct sockets *sockets, int with_pid, char **command)
    __attribute__((noreturn));

#endif
