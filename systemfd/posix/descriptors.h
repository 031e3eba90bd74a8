/* SPDX-License-Identifier: MIT */
#ifndef SYSTEMFD_DESCRIPTORS_H
#define SYSTEMFD_DESCRIPTORS_H

/* Closes every descriptor from that number on: now, or on exec(3). */
void close_from(int from);
void close_from_on_exec(int from);

#endif
