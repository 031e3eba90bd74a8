/* SPDX-License-Identifier: MIT
 * The variables by which the command finds the server that hands out the sockets. */
#ifndef SYSTEMFD_SERVE_SOCKETS_H
#define SYSTEMFD_SERVE_SOCKETS_H

#include "sockets/sockets.h"

/* Starts that server, if there are sockets. To be called once; sockets stay in use. */
void serve_sockets(const struct sockets *sockets);

/* In our own environment, which processes that are started inherit. */
void set_server_variables(void);
void remove_server_variables(void);

#endif
