/* SPDX-License-Identifier: MIT
 * The names of descriptors in LISTEN_FDNAMES, by the rule of systemd (fdname_is_valid). */
#ifndef SYSTEMFD_DESCRIPTOR_NAME_H
#define SYSTEMFD_DESCRIPTOR_NAME_H

#include <stddef.h>

enum { MOST_OF_NAME = 255 };

/* Is all of it printable ASCII? A ':' is, too, though it separates the names. */
int is_of_name_characters(const char *name, size_t length);

#endif
