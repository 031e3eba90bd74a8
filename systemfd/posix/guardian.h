/* SPDX-License-Identifier: MIT
 * When systemfd is killed, or crashes, it can end nobody any more. The guardian is a process that
 * waits for that, and then kills all that systemfd has started and left: the process groups of
 * builds and servers, and on Linux who has its process ID in the variable SYSTEMFD_PID. So what
 * escapes is a process that has left its group and has cleared or overwritten its environment. */
#ifndef SYSTEMFD_GUARDIAN_H
#define SYSTEMFD_GUARDIAN_H

/* Starts it, and sets SYSTEMFD_PID for all that is started from now on. The first process of a PID
 * namespace has none: when that ends, so do all others there (pid_namespaces(7)). */
void guardian_start(void);

/* To be told of each process group, and when nobody of it is left. */
void guardian_add(long group);
void guardian_remove(long group);

/* In a forked child, which must not look like systemfd that lives. */
void guardian_forget(void);

#endif
