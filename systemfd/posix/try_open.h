/* SPDX-License-Identifier: MIT
 * open_spec for callers that can go on without the socket. */
#ifndef SYSTEMFD_TRY_OPEN_H
#define SYSTEMFD_TRY_OPEN_H

#include "options.h"
#include "sockets/spec.h"

/* Like open_spec, but returns -1 with errno on failure. */
int try_open_spec(const struct spec *spec, const struct options *options);

#endif
