/* SPDX-License-Identifier: MIT
 * The variables by which the command finds the server that hands out the sockets. */
#ifndef SYSTEMFD_PASSING_H
#define SYSTEMFD_PASSING_H

#include "sockets/sockets.h"

/* Starts that server, if there are sockets. To be called once; sockets stay in use. */
void passing_begin(const struct sockets *sockets);

/* In our own environment, which processes that are started inherit. */
void passing_set_variables(void);
void passing_remove_variables(void);

#endif
