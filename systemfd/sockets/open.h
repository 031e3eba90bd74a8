/* SPDX-License-Identifier: MIT
 * From a spec to a socket. */
#ifndef SYSTEMFD_OPEN_H
#define SYSTEMFD_OPEN_H

#include "listenfd.h"
#include "options.h"
#include "spec.h"

/* Opens, binds and listens; close-on-exec. Exits with a message when that fails. */
listenfd_socket open_spec(const struct spec *spec, const struct options *options);

/* What the socket is bound to, as it is shown: "127.0.0.1:5000", "/run/x.sock", "@x"; what it is,
 * when that is none of these: "fifo". */
void format_bound_address(listenfd_socket fd, char *text, size_t size);

#endif
