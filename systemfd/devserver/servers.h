/* SPDX-License-Identifier: MIT
 * The servers. At most one starts and one runs at a time; others may still be stopping. With
 * --workers this holds for the place of each worker, and a new generation takes the places one
 * after the other: as soon as its worker is ready, the old one in that place is asked to stop, and
 * the next one starts. */
#ifndef SYSTEMFD_SERVERS_H
#define SYSTEMFD_SERVERS_H

#include "child.h"
#include "readiness.h"

enum {
    MAX_WORKERS = 64,
    MOST_STOPPING = 22, /* besides one for each worker; the oldest is killed before it is more */
    MAX_SERVERS = MOST_STOPPING + 3 * MAX_WORKERS
};

enum state { STARTING, RUNNING, STOPPING };

struct server {
    struct child child;
    enum state state;
    int killed;
    int in_background; /* its first leader has ended, and another process goes on */
    unsigned generation;
    unsigned worker; /* its place, counted from 1 */
    long long started;
    struct readiness readiness;
    long long left_since; /* when a process was found that outlived its leader; 0: none */
    long long deadline;   /* when a server that is stopping is killed, and then given up */
};

/* To be called first. Both pointers are kept. */
void servers_setup(const struct options *given, const struct sockets *given_sockets);

/* Starts a new generation: its first worker, or all of them if no server is up. Returns 1, or 0
 * after a report when one cannot be started. */
int servers_start(void);

/* Starts the next worker of the newest generation, if it is time to. Returns 0 after a report when
 * it cannot be started, otherwise 1. */
int servers_roll_on(void);

/* Is the newest generation still being rolled out: started, with some workers not ready? */
int servers_are_rolling(void);

/* To be called when a server has ended by itself. If it is of a generation that is being rolled
 * out, the rollout ends, since its other workers would end, too. Returns whether that leaves places
 * without a worker of that generation. */
int servers_end_rollout(const struct server *ended);

/* Do some workers run while the places of others are empty? */
int workers_are_missing(void);

/* Starts a worker in each empty place. Returns 1, or 0 after a report when that fails. */
int workers_start_missing(void);

/* The end of what servers have printed since the newest generation began. */
const struct tail *servers_output(void);

/* Does another server run or start in the same place? */
int server_has_substitute(const struct server *server);

/* Its name in reports: "server 3", "worker 2 of server 3". */
const char *server_name(const struct server *server);

/* Asks a server to stop. If it is still there after --stop-timeout, it is killed. */
void server_stop(struct server *server);

/* The same for all servers. Ends a rollout. */
void servers_stop(void);

/* The same, when systemfd ends. */
void servers_end(void);

/* Kills all servers at once. */
void servers_kill(void);

/* The newest server in that state, or NULL. */
struct server *servers_in(enum state state);

/* Lists all servers in that state, oldest first. Returns how many. */
size_t servers_all_in(enum state state, const struct child *children[MAX_SERVERS]);

/* Is no server running or starting? */
int no_server_is_up(void);

/* Is there no server at all, not even one that is stopping? */
int no_server_is_left(void);

/* The process ID of the oldest server that is left, or 0. */
long servers_oldest(void);

/* The server that has that process as its leader, or NULL. */
struct server *servers_find(long id);

/* To be called when its leader has ended. Asks its other processes to stop. Returns the state that
 * it was in before. */
enum state server_ended(struct server *server);

/* Does what is due by now. Returns 1 when the newest generation has become ready: all its workers
 * run. To be called again within servers_timeout milliseconds (-1: no need). */
int servers_look_after(void);
int servers_timeout(void);

/* To be called before server_ended, when its leader has ended without a failure. If the server has
 * gone into the background, so that another process of its tree has the sockets, systemfd's own
 * child above that process becomes the leader. Returns whether it does. */
int server_goes_on(struct server *server);

/* Lists the servers that have a way to say something (child_hear). Returns how many. */
size_t servers_speakers(const struct child *speakers[MAX_SERVERS]);

#endif
