/* SPDX-License-Identifier: MIT
 * The files of the unix sockets that systemfd made, to be removed when it ends. */
#ifndef SYSTEMFD_MADE_PATHS_H
#define SYSTEMFD_MADE_PATHS_H

#include "sockets.h"

/* Which files they are: call it right after sockets_open. */
void made_paths_remember(const struct sockets *sockets);

/* Removes those that are still the same files. */
void made_paths_remove(const struct sockets *sockets);

#endif
