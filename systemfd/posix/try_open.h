/* SPDX-License-Identifier: MIT
 * open_spec, for whoever can go on without the socket. */
#ifndef SYSTEMFD_TRY_OPEN_H
#define SYSTEMFD_TRY_OPEN_H

#include "options.h"
#include "sockets/spec.h"

/* -1 with errno when it fails. */
int try_open_spec(const struct spec *spec, const struct options *options);

#endif
