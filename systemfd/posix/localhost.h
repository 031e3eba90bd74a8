/* SPDX-License-Identifier: MIT
 * Browsers that are to ask localhost ask [::1] first (RFC 6724), and a socket of 127.0.0.1 leaves
 * its port free there: whoever takes it, another user, say, shows them a page of his own. */
#ifndef SYSTEMFD_LOCALHOST_H
#define SYSTEMFD_LOCALHOST_H

#include "sockets/sockets.h"

/* Says so when somebody has [::1] with the port of a TCP socket that was opened at 127.0.0.1. */
void localhost_check(const struct sockets *sockets);

/* The same, and takes it where it is free, as long as this process lives: bound, but not listening,
 * so that who connects is refused at once, and asks 127.0.0.1. Only with SO_REUSEPORT, and by the
 * same user, can it be bound then: a server that binds it by itself while its forerunner still has
 * it sets that anyway. */
void localhost_hold(const struct sockets *sockets);

#endif
