/* SPDX-License-Identifier: MIT
 * When systemfd is killed or crashes, it cannot end the processes that it started. The guardian is
 * a process that waits for that, and then kills them: the process groups of builds and servers, and
 * on Linux every process with systemfd's process ID in the variable SYSTEMFD_PID. Only a process
 * that has left its group and has cleared or overwritten its environment escapes. */
#ifndef SYSTEMFD_GUARDIAN_H
#define SYSTEMFD_GUARDIAN_H

/* Starts the guardian, and sets SYSTEMFD_PID for every process started from now on. The first
 * process of a PID namespace needs no guardian: when it ends, the kernel kills all others there
 * (pid_namespaces(7)). */
void guardian_start(void);

/* The process groups to kill: add each when it begins, remove it when it has no process left. */
void guardian_add(long group);
void guardian_remove(long group);

/* To be called in a forked child, so that the guardian does not take it for a living systemfd. */
void guardian_forget(void);

#endif
