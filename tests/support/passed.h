/* SPDX-License-Identifier: MIT
 * Passes sockets to the test's own process, as a launcher would. With LISTEN_FDS_FIRST_FD they need
 * not begin at descriptor 3, which may be in use. */
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

/* Opens and passes TCP listeners on 127.0.0.1, after clear_variables; names is for LISTEN_FDNAMES,
 * or NULL. */
int pass_listeners(size_t count, const char *names);

/* The result of listenfd_from_env, whose status must be LISTENFD_PASSED. */
struct listenfd *receive_passed(unsigned flags);

/* The ID of this process, as a value for LISTEN_PID. */
const char *own_pid(void);

/* The inode number of its pidfd, for LISTEN_PIDFDID; 1 where there are no pidfds. */
unsigned long long own_pidfd_inode(void);

#endif
