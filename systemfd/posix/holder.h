/* SPDX-License-Identifier: MIT
 * Who holds an address that is in use. */
#ifndef SYSTEMFD_HOLDER_H
#define SYSTEMFD_HOLDER_H

#include "sockets/spec.h"

/* ", by lighttpd (process 4711)", what to do, or as much of it as /proc tells. */
void holder_describe(const struct spec *spec, char *text, size_t size);

#endif
