/* SPDX-License-Identifier: MIT
 * The processes of a server, as Linux shows them in /proc (proc(5)): those below its leader, and
 * those whose parents have ended, which became systemfd's children. Never all of /proc. */
#ifndef SYSTEMFD_PROCESS_TREE_H
#define SYSTEMFD_PROCESS_TREE_H

#include "devserver/child.h"

#include <stddef.h>
#include <sys/types.h>

/* Nobody looks at more: each look is to cost little. */
enum { MOST_PROCESSES = 512, MOST_THREADS = 2048 };

struct tree_process {
    pid_t id;
    int parent; /* its place in the list; -1: it has none there */
    char state; /* R, S, D, T, Z ... of its first thread */
    long threads;
    unsigned long long processor; /* clock ticks that it, and children that it waited for, used */
    unsigned long long started;   /* clock ticks after the system did */
};

struct process_tree {
    struct tree_process list[MOST_PROCESSES]; /* parents before children */
    size_t count;
};

/* Who ends meanwhile, or may not be looked at, is left out. */
void process_tree_read(struct process_tree *tree, const struct child *child);

/* What is known of one that lives; 0: it does not. */
int process_read(struct tree_process *process, pid_t id);

/* Does its environment, as it was at its last exec, hold that? */
int process_has_variable(pid_t id, const char *name, const char *value);

/* Its threads; returns how many there were room for. */
size_t process_threads(const struct tree_process *process, pid_t *threads, size_t room);

/* Reads a small file of /proc, from its beginning, as text. Below 0: it cannot be. */
ssize_t read_proc(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
