/* SPDX-License-Identifier: MIT
 * A server shares its sockets with systemfd and with the servers that follow. When it shuts one
 * down, unlinks its path or changes its mode, it does so for all of them. Here that is undone. */
#ifndef SYSTEMFD_HEAL_H
#define SYSTEMFD_HEAL_H

#include "options.h"
#include "sockets/sockets.h"

/* Remembers the state of the sockets. Keeps both pointers. */
void heal_open(const struct sockets *sockets, const struct options *options);

/* Fills in poll entries for sockets that report when a server shuts them down, at most MAX_HEALED,
 * and returns how many. */
enum { MAX_HEALED = 32 };
struct pollfd;
size_t heal_poll(struct pollfd *entries);

/* Repairs sockets that were shut down; to be called after poll(2) with the entries of heal_poll.
 * Returns NULL, or why the server must be restarted: it has a socket that was replaced. */
const char *heal_polled(const struct pollfd *entries, size_t polled);

/* The same after a process has ended: it may have shut down sockets, or unlinked their paths, on
 * its way out. */
const char *heal_after_end(void);

/* Makes each socket blocking or non-blocking again, as it was. To be called before a server starts
 * while no other is left: a running server may rely on the mode that it has set. */
void heal_modes(void);

#endif
