/* SPDX-License-Identifier: MIT
 * Who waits for connections on the passed sockets, as far as the system shows it: on Linux
 * posix/accepting.c reads it from /proc, on Windows win32/accepting.c knows who asked for the
 * sockets, elsewhere nothing can be seen. */
#ifndef SYSTEMFD_ACCEPTING_H
#define SYSTEMFD_ACCEPTING_H

#include "child.h"

/* Bit N is the socket N, of the first 64. */
typedef unsigned long long socket_set;

struct sight {
    socket_set waits;      /* somebody in the server's process tree waits for connections there, */
    socket_set registered; /* or has it in an epoll set, though perhaps nobody waits just now */
    long process;          /* one of those who wait; 0: none */
    socket_set deaf;       /* a server has shut these down: nobody can wait there */
    int is_proof;          /* who waits can accept; else it has only taken the sockets */

    long busy;           /* this process runs, and cannot be caught waiting; 0: there is none */
    socket_set holds;    /* these it has open, */
    unsigned long other; /* and this other socket, by inode number */

    unsigned long long processor; /* time that the tree has used, in some unit */
    int is_running;               /* somebody in it wants the processor, or the disk, right now */
    long stopped;                 /* this process was stopped, by a signal; 0: there is none */

    long owner; /* this process has the sockets; 0: nobody in the tree has, or it cannot be seen */
    long bare;  /* this process has none, and was started by one that has; or nobody has any */
    long child; /* systemfd's own child above the one that waits, or else above the owner */
};

void accepting_setup(const struct sockets *sockets);

/* Looks once. All is 0 where nothing can be seen. */
void accepting_look(const struct child *child, struct sight *sight);

/* What it runs, as "npm start"; "" when it has ended or nothing can be seen. */
void accepting_command(long process, char *text, size_t size);

#endif
