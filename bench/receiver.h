/* SPDX-License-Identifier: MIT
 * What is compared: the same receiver, written with each library. */
#ifndef RECEIVER_H
#define RECEIVER_H

#include <stddef.h>

/* Reads the variables and removes them, asks of each socket whether it is a TCP listener,
 * and returns how many are. */
size_t receive_all(void);

#endif
