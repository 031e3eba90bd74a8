/* SPDX-License-Identifier: MIT
 * Are the sockets such that the options can be done? */
#ifndef SYSTEMFD_SUITABLE_H
#define SYSTEMFD_SUITABLE_H

#include "sockets.h"

/* Exits with a message when they are not. */
void sockets_check(const struct sockets *sockets, const struct options *options);

#endif
