/* SPDX-License-Identifier: MIT
 * Passes the sockets to the command: descriptors, variables, exec. Both calls exit with a message
 * on failure: status 126 or 127 when the command cannot be executed, 1 for anything else. */
#ifndef SYSTEMFD_EXEC_COMMAND_H
#define SYSTEMFD_EXEC_COMMAND_H

#include "sockets/sockets.h"

enum { FIRST_FD = 3 };

/* Becomes the command of the options, as the server of that generation. The sockets are descriptors
 * 3, 4, ..., or where the options say; nothing else above 2 stays open. */
void exec_server(const struct sockets *sockets, const struct options *options, unsigned generation)
    __attribute__((noreturn));

/* Becomes that command. Nothing above 2 stays open. */
void exec_command(char **command) __attribute__((noreturn));

#endif
