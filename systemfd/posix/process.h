/* SPDX-License-Identifier: MIT
 * systemfd's own child processes, on POSIX. */
#ifndef SYSTEMFD_PROCESS_H
#define SYSTEMFD_PROCESS_H

#include <sys/types.h>

/* fork(2), with the child in a process group of its own and with the signals as they were before
 * signals_open. On Linux the kernel kills the child when systemfd dies. Returns 0 in the child, -1
 * with errno on failure. */
pid_t fork_child(void);

/* Kills and reaps every child that is left, for two seconds at most. These include processes that
 * left their process group and whose parents have ended. Linux only: elsewhere it does nothing,
 * because there is no list of our children, and orphans do not become ours. */
void kill_children(void);

#endif
