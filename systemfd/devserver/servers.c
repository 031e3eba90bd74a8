/* SPDX-License-Identifier: MIT */
#include "servers.h"

#include "accepting.h"
#include "clock.h"
#include "output.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

enum {
    TICK_MS = 50,   /* how often to look for processes left by a leader that has ended */
    LEFT_MS = 1000, /* for a process that has the sockets still, but is not seen to accept */
    KILL_PATIENCE_MS = 1000 /* for a killed server to be gone */
};

static const struct options *options;
static const struct sockets *sockets;
static struct server servers[MAX_SERVERS]; /* oldest first */
static size_t count;
static struct tail output;
static unsigned generation; /* the newest one */
static long long generation_began;
static int is_ending;     /* systemfd is; it kills whoever is left */
static int is_rolling;    /* that one is being rolled out */
static unsigned complete; /* the last generation that had all its workers running */

void servers_setup(const struct options *given, const struct sockets *given_sockets)
{
    options = given;
    sockets = given_sockets;
    readiness_setup(given, given_sockets);
}

struct server *servers_in(enum state state)
{
    for (size_t i = count; i-- > 0;)
        if (servers[i].state == state)
            return &servers[i];
    return NULL;
}

int no_server_is_up(void)
{
    return !servers_in(RUNNING) && !servers_in(STARTING);
}

int no_server_is_left(void)
{
    return count == 0;
}

long servers_oldest(void)
{
    return count > 0 ? servers[0].child.id : 0;
}

struct server *servers_find(long id)
{
    for (size_t i = 0; i < count; i++)
        if (servers[i].child.id == id && !servers[i].child.leader_ended)
            return &servers[i];
    return NULL;
}

const struct tail *servers_output(void)
{
    return &output;
}

size_t servers_all_in(enum state state, const struct child *children[MAX_SERVERS])
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        if (servers[i].state == state)
            children[found++] = &servers[i].child;
    return found;
}

size_t servers_speakers(const struct child *speakers[MAX_SERVERS])
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        if (child_can_speak(&servers[i].child))
            speakers[found++] = &servers[i].child;
    return found;
}

const char *server_name(const struct server *server)
{
    return server->readiness.name;
}

static void forget(struct server *server)
{
    size_t index = (size_t)(server - servers);

    child_forget(&server->child);
    count--;
    memmove(server, server + 1, (count - index) * sizeof *server);
}

/* ---- Starting ---- */

static unsigned workers(void)
{
    return options->workers > 1 ? (unsigned)options->workers : 1;
}

static size_t number_in(enum state state)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += servers[i].state == state;
    return found;
}

/* Kills the oldest server that is stopping, if restarts come faster than servers stop. */
static void make_room(void)
{
    struct server *oldest = servers;
    size_t stopping = number_in(STOPPING);

    if (stopping < MOST_STOPPING + workers())
        return;
    while (oldest->state != STOPPING)
        oldest++;
    report("%u servers are still stopping; killing the oldest", (unsigned)stopping);
    child_kill(&oldest->child);
    forget(oldest);
}

/* The newest server that runs or starts in that place, other than `apart`; or NULL. */
static struct server *other_in_place(unsigned worker, const struct server *apart)
{
    for (size_t i = count; i-- > 0;)
        if (servers[i].worker == worker && servers[i].state != STOPPING && &servers[i] != apart)
            return &servers[i];
    return NULL;
}

static struct server *in_place(unsigned worker)
{
    return other_in_place(worker, NULL);
}

static int start_child(struct server *server)
{
    char number[16];
    const struct variable variables[] = {{"SYSTEMFD_WORKER", number}, {NULL, NULL}};

    snprintf(number, sizeof number, "%u", server->worker);
    return child_start_server(&server->child, options, sockets, options->workers ? variables : NULL,
                              generation, &output);
}

static int start_worker(unsigned worker)
{
    struct server *server, *old;
    char name[48];

    make_room();
    old = in_place(worker);
    server = &servers[count];
    memset(server, 0, sizeof *server);
    server->worker = worker;
    if (!start_child(server))
        return 0;
    server->state = STARTING;
    server->started = now_ms(); /* not before: a virus scanner may have held up the start */
    server->generation = generation;
    if (workers() > 1)
        snprintf(name, sizeof name, "worker %u of server %u", worker, generation);
    else
        snprintf(name, sizeof name, "server %u", generation);
    readiness_begin(&server->readiness, name);
    if (old)
        readiness_learn_again(&old->readiness);
    count++;
    return 1;
}

/* ---- A generation ---- */

/* The first place without a worker of the newest generation, or 0. */
static unsigned next_to_replace(void)
{
    for (unsigned worker = 1; worker <= workers(); worker++) {
        const struct server *server = in_place(worker);
        if (!server || server->generation != generation)
            return worker;
    }
    return 0;
}

int servers_roll_on(void)
{
    unsigned worker = is_rolling && !servers_in(STARTING) ? next_to_replace() : 0;

    return !worker || start_worker(worker);
}

int servers_are_rolling(void)
{
    return is_rolling;
}

int workers_are_missing(void)
{
    if (!servers_in(RUNNING))
        return 0;
    for (unsigned worker = 1; worker <= workers(); worker++)
        if (!in_place(worker))
            return 1;
    return 0;
}

int workers_start_missing(void)
{
    for (unsigned worker = 1; worker <= workers(); worker++)
        if (!in_place(worker) && !start_worker(worker))
            return 0;
    return 1;
}

int servers_start(void)
{
    generation++;
    generation_began = now_ms();
    tail_clear(&output);
    if (no_server_is_up())
        is_rolling = workers_start_missing();
    else
        is_rolling = start_worker(1);
    if (!servers_in(STARTING))
        generation--;
    return is_rolling;
}

int server_has_substitute(const struct server *server)
{
    return other_in_place(server->worker, server) != NULL;
}

int servers_end_rollout(const struct server *ended)
{
    if (!is_rolling || ended->generation != generation)
        return 0;
    is_rolling = 0;
    return next_to_replace() != 0;
}

static int is_complete(void)
{
    for (unsigned worker = 1; worker <= workers(); worker++) {
        const struct server *server = in_place(worker);
        if (!server || server->generation != generation || server->state != RUNNING)
            return 0;
    }
    return 1;
}

/* Returns 1 once for each generation, when it is complete. */
static int has_become_complete(void)
{
    if (complete == generation || !is_complete())
        return 0;
    complete = generation;
    is_rolling = 0;
    if (workers() > 1)
        report("server %u is ready after %s: all its %u workers are", generation,
               since(generation_began), workers());
    return 1;
}

static void become_ready(struct server *ready, const char *reason)
{
    const struct server *old = other_in_place(ready->worker, ready);

    outputs_drain(); /* what it has printed comes before the report that it is ready */
    ready->state = RUNNING;
    readiness_reached(&ready->readiness);
    if (old)
        report("%s is ready after %s: %s; stopping process %ld", server_name(ready),
               since(ready->started), reason, old->child.id);
    else
        report("%s is ready after %s: %s", server_name(ready), since(ready->started), reason);
    for (size_t i = 0; i < count; i++)
        if (servers[i].worker == ready->worker && &servers[i] != ready)
            server_stop(&servers[i]);
}

/* ---- Stopping ---- */

static void stop_child(struct server *server)
{
    server->deadline = now_ms() + (long long)options->stop_timeout_s * 1000;
    child_stop_server(&server->child, options);
}

void server_stop(struct server *server)
{
    if (server->state == STOPPING)
        return;
    server->state = STOPPING;
    stop_child(server);
}

void servers_stop(void)
{
    is_rolling = 0;
    for (size_t i = 0; i < count; i++)
        server_stop(&servers[i]);
}

void servers_end(void)
{
    is_ending = 1;
    servers_stop();
}

void servers_kill(void)
{
    for (size_t i = 0; i < count; i++)
        child_kill(&servers[i].child);
}

/* A process that survives SIGKILL is a zombie that its parent does not reap, or belongs to another
 * user now. So after a second the server is given up. */
static void kill_at_last(struct server *server)
{
    if (server->killed) {
        if (!server->child.leader_ended)
            report("process %ld cannot be ended; it goes on", server->child.id);
        forget(server);
        return;
    }
    report("process %ld does not stop; killing it and its process group", server->child.id);
    server->killed = 1;
    child_kill(&server->child);
    server->deadline = now_ms() + KILL_PATIENCE_MS;
}

/* At first only the leader is asked to stop; processes that outlive it are asked now. */
enum state server_ended(struct server *server)
{
    enum state before = server->state;

    server->child.leader_ended = 1;
    if (before != STOPPING)
        server_stop(server);
    else if (child_is_left(&server->child))
        child_stop_server(&server->child, options);
    return before;
}

/* If the server is known to have been ready, a process that is left must wait for connections:
 * only having the sockets does not make it the server. */
int server_goes_on(struct server *server)
{
    struct child *child = &server->child;
    struct sight sight;

    if (server->state == STOPPING)
        return 0;
    child->leader_ended = 1;
    accepting_look(child, &sight);
    child->leader_ended = 0;
    if (!sight.child || (!sight.waits && readiness_is_certain(&server->readiness)))
        return 0;
    child_follow(child, sight.child);
    if (!server->in_background)
        report("%s goes on in the background (process %ld); start it with its option for "
               "the foreground, so that its output and its end are seen",
               server_name(server), child->id);
    server->in_background = 1;
    return 1;
}

/* ---- Time ---- */

/* A server that stops may ask for more time (EXTEND_TIMEOUT_USEC). */
static void hear_stopping(struct server *server)
{
    struct said said;

    child_hear(&server->child, &said);
    if (said.extend_ms > 0 && !server->killed && now_ms() + said.extend_ms > server->deadline)
        server->deadline = now_ms() + said.extend_ms;
}

/* A worker in a process group of its own may outlive who started it, and would go on to answer
 * beside the new server. One that has the sockets may just be busy, and is looked at for a while.
 */
static int stop_who_is_left(struct server *server)
{
    struct sight sight;

    accepting_look(&server->child, &sight);
    if (!sight.child)
        return 0;
    if (!sight.waits) {
        server->left_since = server->left_since ? server->left_since : now_ms();
        return now_ms() - server->left_since < LEFT_MS;
    }
    child_follow(&server->child, sight.child);
    report("process %ld of %s is left, and accepts; stopping it", server->child.id,
           server_name(server));
    server->killed = 0;
    server->left_since = 0;
    stop_child(server);
    return 1;
}

static void look_after_stopping(struct server *server)
{
    hear_stopping(server);
    if (server->child.leader_ended && !child_is_left(&server->child)) {
        if (is_ending || !stop_who_is_left(server))
            forget(server);
    } else if (now_ms() >= server->deadline) {
        kill_at_last(server);
    }
}

/* A server that could not be started has an ID below 0, and no process to look at. */
static int look_after_starting(struct server *server)
{
    const char *reason =
        server->child.id < 0 ? NULL : readiness_reason(&server->readiness, &server->child);

    if (reason)
        become_ready(server, reason);
    return reason != NULL;
}

static int look_after(struct server *server)
{
    switch (server->state) {
    case STARTING:
        return look_after_starting(server);
    case RUNNING:
        readiness_learn(&server->readiness, &server->child);
        return 0;
    case STOPPING:
        look_after_stopping(server);
        return 0;
    }
    return 0;
}

int servers_look_after(void)
{
    int ready = 0;

    for (size_t i = count; i-- > 0;)
        ready |= look_after(&servers[i]);
    return ready && has_become_complete();
}

int servers_timeout(void)
{
    int wait = -1;

    for (size_t i = 0; i < count; i++) {
        if (servers[i].state == STOPPING)
            wait = earlier(wait, until(servers[i].deadline));
        else
            wait = earlier(wait, readiness_timeout(&servers[i].readiness));
        if (servers[i].child.leader_ended)
            wait = earlier(wait, TICK_MS);
    }
    return wait;
}
