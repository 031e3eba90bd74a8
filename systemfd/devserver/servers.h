/* SPDX-License-Identifier: MIT
 * The servers: at most one starts, at most one runs, others may still be stopping. */
#ifndef SYSTEMFD_SERVERS_H
#define SYSTEMFD_SERVERS_H

#include "child.h"
#include "readiness.h"

enum { MAX_SERVERS = 24 };

enum state { STARTING, RUNNING, STOPPING };

struct server {
    struct child child;
    enum state state;
    int killed;
    int in_background; /* its first leader has ended */
    unsigned generation;
    long long started;
    struct readiness readiness;
    long long deadline; /* to be gone, when stopping */
};

void servers_setup(const struct options *given, const struct sockets *given_sockets);

/* Starts one, which takes the place of the others once it is ready. 0, after a report: it
 * cannot be started. */
int servers_start(void);

/* What the newest has printed. */
const struct tail *servers_output(void);

/* As reports call it: "server 3". */
const char *server_name(const struct server *server);

/* Asks one, or all, to stop; kills them after --stop-timeout, or at once. */
void server_stop(struct server *server);
void servers_stop(void);
void servers_kill(void);

/* The one in that state, or NULL. */
struct server *servers_in(enum state state);

/* Does none answer, nor will soon? Is none left at all? */
int no_server_is_up(void);
int no_server_is_left(void);

/* The process ID of the oldest that is left; 0: none is. */
long servers_oldest(void);

/* The one whose leader that process is, or NULL; to be told that it has ended. Returns the
 * state it was in. */
struct server *servers_find(long id);
enum state server_ended(struct server *server);

/* To be called from time to time, after servers_timeout milliseconds (-1: never) at the
 * latest. Returns 1 when one has become ready. */
int servers_look_after(void);
int servers_timeout(void);

/* One whose leader has ended: has it gone into the background, where another process of its tree
 * has the sockets? Then that is its leader now. */
int server_goes_on(struct server *server);

/* Those that may still say that they are ready. Returns how many. */
size_t servers_speakers(const struct child *speakers[MAX_SERVERS]);

#endif
