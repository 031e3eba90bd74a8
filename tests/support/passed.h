/* SPDX-License-Identifier: MIT
 * Sockets passed to the test's own process, as a launcher would do it. LISTEN_FDS_FIRST_FD
 * makes that possible without owning descriptor 3. */
#ifndef PASSED_H
#define PASSED_H

#include "listenfd.h"

#include <stddef.h>

/* Removes every variable of the protocol. */
void clear_variables(void);

/* Moves the descriptors to consecutive numbers, sets LISTEN_FDS and LISTEN_FDS_FIRST_FD, and
 * returns the first number. */
int pass(const int *descriptors, size_t count);
int pass_one(int descriptor);

/* The same with TCP listeners on 127.0.0.1; names is for LISTEN_FDNAMES, or NULL. */
int pass_listeners(size_t count, const char *names);

/* What from_env makes of it, checked to be LISTENFD_PASSED. */
struct listenfd *receive_passed(unsigned flags);

/* The value for a variable: this process's ID; its pidfd's inode number. */
const char *own_pid(void);
unsigned long long own_pidfd_inode(void);

#endif
