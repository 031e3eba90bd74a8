/* SPDX-License-Identifier: MIT
 * Which processes wait for connections on the passed sockets, as far as the system shows it. On
 * Linux, posix/accepting.c reads it from /proc. On Windows, win32/accepting.c knows which process
 * asked for the sockets. Other systems show nothing. */
#ifndef SYSTEMFD_ACCEPTING_H
#define SYSTEMFD_ACCEPTING_H

#include "child.h"

/* Bit N stands for socket N. Sockets after the first 64 are not looked at. */
typedef unsigned long long socket_set;

/* What one look at a server's process tree shows. Processes are given by ID, or as 0 for none. */
struct sight {
    socket_set waits;      /* a process in the tree waits for connections on these */
    socket_set registered; /* a process has these in an epoll set, even if it does not wait now */
    long process;          /* the first process that was seen to wait */
    socket_set deaf;       /* a server has called shutdown(2) on these: nobody can wait on them */
    int is_proof;          /* a process that waits can accept; 0: it has only taken the sockets */

    long busy;           /* a process that runs, has `other` open, and so may be accepting */
    socket_set holds;    /* the passed sockets that it has open */
    unsigned long other; /* another socket that it has open, by inode number */

    unsigned long long processor; /* time that the tree has used; the unit depends on the system */
    int is_running;               /* a process in the tree runs, or waits for processor or disk */
    long stopped;                 /* a process that a signal has stopped */

    long owner; /* a process that has passed sockets; 0 also where that cannot be seen */
    long bare;  /* a process that has none, though an ancestor has, which gave them to no other
                 * child; or no process in the tree has any */
    long child; /* systemfd's own child above `process`, or else above `owner` */
};

/* Sets the sockets to look for. To be called before accepting_look. */
void accepting_setup(const struct sockets *sockets);

/* Looks once at the tree of *child. All of *sight is 0 where nothing can be seen. */
void accepting_look(const struct child *child, struct sight *sight);

/* The command line of that process, as "npm start"; "" if it has ended or cannot be seen. */
void accepting_command(long process, char *text, size_t size);

#endif
