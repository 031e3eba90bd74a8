/* SPDX-License-Identifier: MIT
 * The servers: at most one starts, at most one runs, others may still be stopping. With --workers
 * that holds for each worker. They are replaced one after the other: as soon as one is ready, the
 * old one in its place is asked to stop, and the next one starts. */
#ifndef SYSTEMFD_SERVERS_H
#define SYSTEMFD_SERVERS_H

#include "child.h"
#include "readiness.h"

enum {
    MAX_WORKERS = 64,
    MOST_STOPPING = 22, /* besides one for each worker; then the oldest is killed */
    MAX_SERVERS = MOST_STOPPING + 3 * MAX_WORKERS
};

enum state { STARTING, RUNNING, STOPPING };

struct server {
    struct child child;
    enum state state;
    int killed;
    int in_background; /* its first leader has ended */
    unsigned generation;
    unsigned worker; /* from 1 */
    long long started;
    struct readiness readiness;
    long long deadline; /* to be gone, when stopping */
};

void servers_setup(const struct options *given, const struct sockets *given_sockets);

/* Starts a generation, which takes the place of the others once it is ready: its first worker, or
 * when nobody answers, all of them. 0, after a report: it cannot be started. */
int servers_start(void);

/* Starts the next worker, when it is time to. 0, after a report: it cannot be started. */
int servers_roll_on(void);

/* Is a generation on its way: started, and not all of its workers ready? */
int servers_are_rolling(void);

/* One has ended by itself: if it is of the newest generation, no more workers are replaced by it,
 * as they would end, too. Returns whether some would have been. */
int servers_end_rollout(const struct server *ended);

/* Do some workers run while the places of others are empty? Starts those, likewise. */
int workers_are_missing(void);
int workers_start_missing(void);

/* What the newest has printed. */
const struct tail *servers_output(void);

/* Does another one run or start in its place? */
int server_has_substitute(const struct server *server);

/* As reports call it: "server 3", "worker 2 of server 3". */
const char *server_name(const struct server *server);

/* Asks one, or all, to stop; kills them after --stop-timeout, or at once. */
void server_stop(struct server *server);
void servers_stop(void);
void servers_kill(void);

/* The newest in that state, or NULL; or all of them: returns how many. */
struct server *servers_in(enum state state);
size_t servers_all_in(enum state state, const struct child *children[MAX_SERVERS]);

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
 * latest. Returns 1 when the newest generation has become ready: all its workers run. */
int servers_look_after(void);
int servers_timeout(void);

/* One whose leader has ended: has it gone into the background, where another process of its tree
 * has the sockets? Then that is its leader now. */
int server_goes_on(struct server *server);

/* Those that may say something (child_hear). Returns how many. */
size_t servers_speakers(const struct child *speakers[MAX_SERVERS]);

#endif
