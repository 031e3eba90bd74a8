/* SPDX-License-Identifier: MIT
 * The processes of a server, from Linux's /proc (proc(5)): the descendants of its leader, and
 * orphans, which became systemfd's children. It never goes through all of /proc. */
#ifndef SYSTEMFD_PROCESS_TREE_H
#define SYSTEMFD_PROCESS_TREE_H

#include "devserver/child.h"

#include <stddef.h>
#include <sys/types.h>

/* Limits that keep each look cheap. */
enum { MOST_PROCESSES = 512, MOST_THREADS = 2048 };

struct tree_process {
    pid_t id;
    int parent; /* index of its parent in the list, or -1 */
    char state; /* R, S, D, T, Z ... of its first thread */
    long threads;
    unsigned long long processor; /* clock ticks used by it and by children that it waited for */
    unsigned long long started;   /* clock ticks from boot to its start */
};

struct process_tree {
    struct tree_process list[MOST_PROCESSES]; /* parents before children */
    size_t count;
};

/* Reads the tree of that child. Leaves out processes that end meanwhile or cannot be read. */
void process_tree_read(struct process_tree *tree, const struct child *child);

/* Reads one process. Returns whether it lives; a zombie does not. */
int process_read(struct tree_process *process, pid_t id);

/* Was the variable in its environment, with that value, at its last exec? */
int process_has_variable(pid_t id, const char *name, const char *value);

/* Lists its threads, at most `room`; returns how many. */
size_t process_threads(const struct tree_process *process, pid_t *threads, size_t room);

/* Reads the beginning of a file of /proc, as text. Returns its length, or -1 with errno. */
ssize_t read_proc(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
