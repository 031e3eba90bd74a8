/* SPDX-License-Identifier: MIT
 * Starting builds and servers, each as the leader of a process group of its own. */
#ifndef SYSTEMFD_PROCESS_H
#define SYSTEMFD_PROCESS_H

#include "options.h"
#include "output.h"
#include "sockets.h"

#include <sys/types.h>

/* fork(2) into a process group of its own that ends with systemfd; 0 in the child. */
pid_t fork_child(void);

/* The command, with the sockets; notify is its NOTIFY_SOCKET, NULL: none. */
pid_t start_server(const struct options *options, const struct sockets *sockets, const char *notify,
                   struct tail *tail);

/* options->build, in the shell. */
pid_t start_build(const struct options *options, struct tail *tail);

/* Is anybody left in that process group? */
int group_lives(pid_t leader);

/* Kills and reaps whoever is still a child, those among them whose parents have ended and
 * who had left their process groups; on Linux, elsewhere nobody is adopted. */
void kill_children(void);

#endif
