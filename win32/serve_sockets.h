/* SPDX-License-Identifier: MIT
 * Starts the socket server, and sets the variables by which the command finds it. */
#ifndef SYSTEMFD_SERVE_SOCKETS_H
#define SYSTEMFD_SERVE_SOCKETS_H

#include "sockets/sockets.h"

/* Starts the server if there are sockets. To be called once; keeps the pointer. */
void serve_sockets(const struct sockets *sockets);

/* Set and remove the variables in our own environment, which processes that we start inherit. */
void set_server_variables(void);
void remove_server_variables(void);

#endif
