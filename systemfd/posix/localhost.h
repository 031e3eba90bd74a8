/* SPDX-License-Identifier: MIT
 * A browser that opens localhost tries [::1] first (RFC 6724). A socket at 127.0.0.1 leaves its
 * port on [::1] free, so another user could take that and show the browser a different page. */
#ifndef SYSTEMFD_LOCALHOST_H
#define SYSTEMFD_LOCALHOST_H

#include "sockets/sockets.h"

/* Warns when another process holds [::1] with the port of a TCP socket opened at 127.0.0.1. */
void localhost_check(const struct sockets *sockets);

/* The same, and where [::1] is free, binds it for as long as this process lives. It does not
 * listen, so a browser is refused at once and goes on to 127.0.0.1. From then on only the same user
 * can bind it, and only with SO_REUSEPORT: a server that binds it itself while its predecessor
 * still holds it sets that anyway. */
void localhost_hold(const struct sockets *sockets);

#endif
