/* SPDX-License-Identifier: MIT
 * systemfd's own child processes, on POSIX. */
#ifndef SYSTEMFD_PROCESS_H
#define SYSTEMFD_PROCESS_H

#include <sys/types.h>

/* fork(2) into a process group of its own that ends with systemfd; 0 in the child, -1 when
 * it cannot be. */
pid_t fork_child(void);

/* Kills and reaps every child that is left. On Linux these include processes that left their
 * process group and whose parents have ended; other systems do not give them to us. */
void kill_children(void);

#endif
