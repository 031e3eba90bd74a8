/* SPDX-License-Identifier: MIT */
#ifndef SYSTEMFD_DESCRIPTORS_H
#define SYSTEMFD_DESCRIPTORS_H

/* Closes every descriptor from that number on. */
void close_from(int from);

/* Sets close-on-exec for each of them. */
void close_from_on_exec(int from);

#endif
