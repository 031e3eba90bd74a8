/* SPDX-License-Identifier: MIT
 * Do the sockets suit the options? */
#ifndef SYSTEMFD_SUITABLE_H
#define SYSTEMFD_SUITABLE_H

#include "sockets.h"

/* Exits with a message if they do not. */
void sockets_check(const struct sockets *sockets, const struct options *options);

#endif
