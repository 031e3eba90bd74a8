/* SPDX-License-Identifier: MIT
 * What stands for a socket in the command's arguments, for servers that want to be told. */
#ifndef SYSTEMFD_PLACEHOLDERS_H
#define SYSTEMFD_PLACEHOLDERS_H

#include "sockets.h"

/* {fd}, {port} and {address} are those of the first socket, {fd:NAME} and so on those of the one
 * that has that name; {{fd}} is the word {fd}. Any other brace stays. `first` is the number of the
 * first socket. Exits with a message when there is no such socket. */
void placeholders_replace(struct options *options, const struct sockets *sockets, int first);

#endif
