/* SPDX-License-Identifier: MIT
 * Who holds an address that is in use. */
#ifndef SYSTEMFD_ADDRESS_IN_USE_H
#define SYSTEMFD_ADDRESS_IN_USE_H

#include "sockets/spec.h"

/* ", by lighttpd (process 4711)", what to do, or as much of it as /proc tells. */
void describe_address_holder(const struct spec *spec, char *text, size_t size);

#endif
