/* SPDX-License-Identifier: MIT */
#include "servers.h"

#include "clock.h"
#include "report.h"

#include <string.h>

enum {
    TICK_MS = 50,               /* how often it is looked whether somebody is left */
    NOTIFY_PATIENCE_MS = 60000, /* for READY=1 of a server whose forerunners said it */
    KILL_PATIENCE_MS = 1000     /* for one that was killed */
};

static const struct options *options;
static const struct sockets *sockets;
static struct server servers[MAX_SERVERS]; /* oldest first */
static size_t count;
static struct tail output;
static unsigned generation;
static int speaks_notify; /* some generation did */

void servers_setup(const struct options *given, const struct sockets *given_sockets)
{
    options = given;
    sockets = given_sockets;
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

size_t servers_speakers(const struct child *speakers[MAX_SERVERS])
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        if (servers[i].state != STOPPING && child_can_say_ready(&servers[i].child))
            speakers[found++] = &servers[i].child;
    return found;
}

static void forget(struct server *server)
{
    size_t index = (size_t)(server - servers);

    child_forget(&server->child);
    count--;
    memmove(server, server + 1, (count - index) * sizeof *server);
}

/* ---- Starting ---- */

/* Somebody restarts faster than servers stop. */
static void make_room(void)
{
    size_t oldest = servers[0].state == RUNNING;

    report("%d servers are still stopping; killing the oldest", MAX_SERVERS);
    child_kill(&servers[oldest].child);
    forget(&servers[oldest]);
}

static int patience(const struct child *child)
{
    return speaks_notify && child_can_say_ready(child) ? NOTIFY_PATIENCE_MS : options->settle_ms;
}

int servers_start(void)
{
    struct server *server;

    if (count == MAX_SERVERS)
        make_room();
    server = &servers[count];
    memset(server, 0, sizeof *server);
    tail_clear(&output);
    server->started = now_ms();
    if (!child_start_server(&server->child, options, sockets, &output))
        return 0;
    server->state = STARTING;
    server->generation = ++generation;
    server->deadline = server->started + patience(&server->child);
    count++;
    return 1;
}

static void become_ready(struct server *ready)
{
    const struct server *old = servers_in(RUNNING);

    ready->state = RUNNING;
    if (old)
        report("server %u is ready after %s (process %ld); stopping process %ld", ready->generation,
               since(ready->started), ready->child.id, old->child.id);
    else
        report("server %u is ready after %s (process %ld)", ready->generation,
               since(ready->started), ready->child.id);
    for (size_t i = 0; i < count; i++)
        if (&servers[i] != ready)
            server_stop(&servers[i]);
}

/* ---- Stopping ---- */

void server_stop(struct server *server)
{
    if (server->state == STOPPING)
        return;
    server->state = STOPPING;
    server->deadline = now_ms() + (long long)options->stop_timeout_s * 1000;
    child_stop_server(&server->child, options);
}

void servers_stop(void)
{
    for (size_t i = 0; i < count; i++)
        server_stop(&servers[i]);
}

void servers_kill(void)
{
    for (size_t i = 0; i < count; i++)
        child_kill(&servers[i].child);
}

/* What even that does not end is a zombie that its parent does not reap: it is let go. */
static void kill_at_last(struct server *server)
{
    if (server->killed && server->child.leader_ended) {
        forget(server);
        return;
    }
    if (!server->killed)
        report("process %ld does not stop; killing it and its process group", server->child.id);
    server->killed = 1;
    child_kill(&server->child);
    server->deadline = now_ms() + KILL_PATIENCE_MS;
}

/* Those who outlive the leader are asked when it has ended. */
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

/* ---- Time ---- */

static int look_after(struct server *server)
{
    if (server->state == STOPPING) {
        if (server->child.leader_ended && !child_is_left(&server->child))
            forget(server);
        else if (now_ms() >= server->deadline)
            kill_at_last(server);
        return 0;
    }
    if (child_says_ready(&server->child))
        speaks_notify = 1; /* even if it comes too late this time */
    else if (server->state == RUNNING || server->child.id < 0 || now_ms() < server->deadline)
        return 0;
    else if (speaks_notify)
        report("server %u did not say READY=1, but lives", server->generation);
    if (server->state == RUNNING)
        return 0;
    become_ready(server);
    return 1;
}

int servers_look_after(void)
{
    int ready = 0;

    for (size_t i = count; i-- > 0;)
        ready |= look_after(&servers[i]);
    return ready;
}

int servers_timeout(void)
{
    int wait = -1;

    for (size_t i = 0; i < count; i++) {
        if (servers[i].state != RUNNING)
            wait = earlier(wait, until(servers[i].deadline));
        if (servers[i].child.leader_ended)
            wait = earlier(wait, TICK_MS);
    }
    return wait;
}
