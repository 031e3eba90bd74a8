/* SPDX-License-Identifier: MIT
 * When a server is ready: processes in its tree wait for connections on all sockets on which the
 * server before it did, and it has said READY=1 if servers of this command do. Where neither can be
 * had, it has lived for a moment in which no process in its tree used the processor. */
#ifndef SYSTEMFD_READINESS_H
#define SYSTEMFD_READINESS_H

#include "accepting.h"

struct readiness {
    char name[48]; /* of the server, in reports */
    long long started;
    long long since, next_look;   /* looks began at `since`; next_look is 0 if none is needed */
    long long quiet_since;        /* no process in its tree has used the processor since */
    unsigned long long processor; /* time that the tree had used at the last look */
    socket_set waits;             /* sockets on which a process was seen to wait */
    socket_set accepts;           /* those, and sockets of a process busy with connections */
    long process;                 /* the first process that was seen so */
    long long seen;               /* when it was first seen so */
    socket_set deaf;              /* as in struct sight */
    int is_proof;                 /* that process can accept; 0: it has only taken the sockets */
    unsigned long connection;     /* the last socket that a busy process had, by inode number */
    int connections;              /* looks that saw a new one, less those that did not */
    int said_ready, is_stopping;
    long stopped;         /* as in struct sight */
    long long extended;   /* until then, EXTEND_TIMEOUT_USEC has asked for time */
    char status[128];     /* its last STATUS */
    int announced;        /* it was reported that it is waited for */
    int explained;        /* it was reported that it did not get, or take, the sockets */
    long owner, bare;     /* the last process that had the sockets, and one that has none */
    long long bare_since; /* when the latter was first seen */
    char owner_command[64], bare_command[256];
};

void readiness_setup(const struct options *given, const struct sockets *given_sockets);

/* To be called when a server of that name has just been started. */
void readiness_begin(struct readiness *readiness, const char *name);

/* Looks at a server that starts, if a look is due. Returns why it is ready, as "it accepts (process
 * 4711)", valid until the next call; or NULL while it is not. */
const char *readiness_reason(struct readiness *readiness, const struct child *child);

/* To be called when a server is ready. What it has shown, the next one must show, too. */
void readiness_reached(const struct readiness *readiness);

/* Looks at the server that runs, if a look is due, for what it has not shown yet. */
void readiness_learn(struct readiness *readiness, const struct child *child);

/* Looks at it more often again, since another one is about to replace it. */
void readiness_learn_again(struct readiness *readiness);

/* Did the server accept, or say READY=1? Otherwise it was only guessed that it is ready. */
int readiness_is_certain(const struct readiness *readiness);

/* To be called when a server has ended, or does not come to accept. If it did not get the sockets,
 * this is reported, once. */
void readiness_explain(struct readiness *readiness);

/* Milliseconds until the next look; -1: none is needed. */
int readiness_timeout(const struct readiness *readiness);

#endif
