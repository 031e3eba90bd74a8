/* SPDX-License-Identifier: MIT
 * When a server is ready: somebody in its process tree waits for connections, on all sockets on
 * which the server before did; and it has said READY=1, if servers of this command do. Where
 * neither can be had: it lives, and nobody in its tree uses the processor. */
#ifndef SYSTEMFD_READINESS_H
#define SYSTEMFD_READINESS_H

#include "accepting.h"

struct readiness {
    char name[48]; /* of the server, in reports */
    long long started;
    long long since, next_look;   /* looks began then; the next one, 0: none is needed */
    long long quiet_since;        /* nobody in its tree has used the processor since then */
    unsigned long long processor; /* what they have used */
    socket_set waits;             /* where somebody was seen to wait, */
    socket_set accepts;           /* or to be busy with connections; */
    long process;                 /* who, */
    long long seen;               /* and when first */
    socket_set deaf;              /* as in struct sight */
    int is_proof;                 /* who waits can accept */
    unsigned long connection;     /* the last that a busy process was seen to have; */
    int connections;              /* how often it was a new one, less how often it was not */
    int said_ready, is_stopping;
    long stopped;         /* as in struct sight */
    long long extended;   /* it asked for time until then */
    char status[128];     /* what it said that it is about */
    int announced;        /* that it is waited for */
    int explained;        /* that it did not get the sockets */
    long owner, bare;     /* the last that had the sockets, and one that has none; */
    long long bare_since; /* when that was first seen */
    char owner_command[64], bare_command[256];
};

void readiness_setup(const struct options *given, const struct sockets *given_sockets);

/* A server of that name has just been started. */
void readiness_begin(struct readiness *readiness, const char *name);

/* Of one that starts: looks, if it is time to. Returns why it is ready, as "it accepts (process
 * 4711)", or NULL while it is not. */
const char *readiness_reason(struct readiness *readiness, const struct child *child);

/* From now on it is the one that runs: what it shows, the next one has to show, too. */
void readiness_reached(const struct readiness *readiness);

/* Of the one that runs: looks, if it is time to, for what it has not shown yet. Another one is
 * about to replace it: looks more often again. */
void readiness_learn(struct readiness *readiness, const struct child *child);
void readiness_learn_again(struct readiness *readiness);

/* Did it accept, or say READY=1? Else that it is ready was a guess. */
int readiness_is_certain(const struct readiness *readiness);

/* It has ended, or does not come to accept: says so where it did not get the sockets. */
void readiness_explain(struct readiness *readiness);

/* Milliseconds until the next look; -1: none is needed. */
int readiness_timeout(const struct readiness *readiness);

#endif
