/* SPDX-License-Identifier: MIT
 * Names the process that holds an address that is in use. */
#ifndef SYSTEMFD_ADDRESS_IN_USE_H
#define SYSTEMFD_ADDRESS_IN_USE_H

#include "sockets/spec.h"

/* Writes what follows "the address is in use": " by lighttpd (process 4711); stop it or choose
 * another address", or less where /proc tells less. */
void describe_address_holder(const struct spec *spec, char *text, size_t size);

#endif
