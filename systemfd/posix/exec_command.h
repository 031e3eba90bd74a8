/* SPDX-License-Identifier: MIT
 * Passing the sockets: descriptors, variables, exec. Both calls exit with a message and status 126
 * or 127 when they cannot. */
#ifndef SYSTEMFD_EXEC_COMMAND_H
#define SYSTEMFD_EXEC_COMMAND_H

#include "sockets/sockets.h"

enum { FIRST_FD = 3 };

/* Becomes the command of the options, the server of that generation, with the sockets at 3, 4, ...,
 * or where the options say, and nothing else open above 2. */
void exec_server(const struct sockets *sockets, const struct options *options, unsigned generation)
    __attribute__((noreturn));

/* Becomes that command, with nothing open above 2. */
void exec_command(char **command) __attribute__((noreturn));

#endif
