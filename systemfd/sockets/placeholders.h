/* SPDX-License-Identifier: MIT
 * --placeholders: words in the command's arguments that stand for a socket, for servers that are
 * told their sockets there. */
#ifndef SYSTEMFD_PLACEHOLDERS_H
#define SYSTEMFD_PLACEHOLDERS_H

#include "sockets.h"

/* Replaces {fd}, {port} and {address} with those of the first socket, and {fd:NAME} and so on with
 * those of the socket that has that name. {{fd}} becomes {fd}; any other brace stays. `first` is as
 * for socket_number. Exits with a message if there is no such socket, or if it has no port. */
void placeholders_replace(struct options *options, const struct sockets *sockets, int first);

#endif
