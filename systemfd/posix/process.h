/* SPDX-License-Identifier: MIT
 * Processes of systemfd's own, on POSIX. */
#ifndef SYSTEMFD_PROCESS_H
#define SYSTEMFD_PROCESS_H

#include <sys/types.h>

/* fork(2) into a process group of its own that ends with systemfd; 0 in the child, -1 when
 * it cannot be. */
pid_t fork_child(void);

/* Kills and reaps whoever is still a child, those among them whose parents have ended and
 * who had left their process groups; on Linux, elsewhere nobody is adopted. */
void kill_children(void);

#endif
