/* SPDX-License-Identifier: MIT
 * Opens the socket that a spec describes. */
#ifndef SYSTEMFD_OPEN_H
#define SYSTEMFD_OPEN_H

#include "listenfd.h"
#include "options.h"
#include "spec.h"

/* Opens and binds a socket, and listens unless it is for datagrams. The socket is close-on-exec.
 * Exits with a message if that fails. */
listenfd_socket open_spec(const struct spec *spec, const struct options *options);

/* What the socket is bound to, as it is shown to people: "127.0.0.1:5000", "/run/x.sock", "@x". If
 * it has no such address, what it is: "fifo". */
void format_bound_address(listenfd_socket fd, char *text, size_t size);

#endif
