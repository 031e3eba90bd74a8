/* SPDX-License-Identifier: MIT
 * The variables in which servers written for other launchers find their sockets. */
#ifndef SYSTEMFD_DIALECTS_H
#define SYSTEMFD_DIALECTS_H

#include "sockets/sockets.h"

/* Sets SERVER_STARTER_PORT and SERVER_STARTER_GENERATION, like Server::Starter 0.35 (Perl). */
void export_start_server(const struct sockets *sockets, unsigned generation);

/* Sets EINHORN_FD_COUNT, EINHORN_FD_n, EINHORN_FD_FAMILY_n, EINHORN_FDS and EINHORN_MASTER_PID,
 * like einhorn 1.0 (Ruby). Leaves out EINHORN_SOCK_PATH, because systemfd has no command socket. */
void export_einhorn(const struct sockets *sockets);

#endif
