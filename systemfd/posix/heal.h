/* SPDX-License-Identifier: MIT
 * What a server does to a socket, it does to all who have it: systemfd, and the servers that
 * follow. Here it is undone. */
#ifndef SYSTEMFD_HEAL_H
#define SYSTEMFD_HEAL_H

#include "options.h"
#include "sockets/sockets.h"

/* Remembers how they are. */
void heal_open(const struct sockets *sockets, const struct options *options);

/* Those that will say when a server has shut them down: fills in at most MAX_HEALED, and
 * returns how many. */
enum { MAX_HEALED = 32 };
struct pollfd;
size_t heal_poll(struct pollfd *entries);

/* After poll(2), with the entries of heal_poll; and when a process has ended, which may have
 * shut down sockets on its way out, or unlinked their paths. Returns the reason to start the
 * server again, whose socket is another one now; or NULL. */
const char *heal_polled(const struct pollfd *entries, size_t polled);
const char *heal_after_end(void);

/* Before a server starts while no other is left: one that runs may rely on the mode. */
void heal_modes(void);

#endif
