/* SPDX-License-Identifier: MIT
 * Passing the sockets: descriptors, variables, exec. */
#ifndef SYSTEMFD_EXEC_COMMAND_H
#define SYSTEMFD_EXEC_COMMAND_H

#include "sockets/sockets.h"

enum { FIRST_FD = 3 };

/* Opens /dev/null at 0, 1 and 2 where they are closed, so that no socket lands there and no
 * message goes into one. The command finds them closed again. */
void guard_standard_streams(void);

/* Becomes the command, with the sockets at 3, 4, ... and nothing else open above 2. Exits
 * with a message and status 126 or 127 when it cannot. */
void exec_command(const struct sockets *sockets, int with_pid, char **command)
    __attribute__((noreturn));

#endif
