/* SPDX-License-Identifier: MIT */
#ifndef SYSTEMFD_WAS_STORED_H
#define SYSTEMFD_WAS_STORED_H

#include "listenfd.h"

/* Was this descriptor, which was passed to systemfd under that name, stored by a server earlier
 * (the service manager's descriptor store)? Returns 1 only if it cannot come from a socket unit
 * (systemd.socket(5)) instead: a stored listener looks like any other if systemfd runs as the same
 * user as the manager. Always 0 without a service manager, and where systemfd does not stay. */
int was_stored(listenfd_socket fd, const char *name);

#endif
