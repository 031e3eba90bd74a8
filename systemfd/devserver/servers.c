/* SPDX-License-Identifier: MIT */
#include "servers.h"

#include "accepting.h"
#include "clock.h"
#include "output.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

enum {
    TICK_MS = 50,           /* how often it is looked whether somebody is left */
    KILL_PATIENCE_MS = 1000 /* for one that was killed */
};

static const struct options *options;
static const struct sockets *sockets;
static struct server servers[MAX_SERVERS]; /* oldest first */
static size_t count;
static struct tail output;
static unsigned generation;

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

size_t servers_speakers(const struct child *speakers[MAX_SERVERS])
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        if (servers[i].state != STOPPING && child_can_speak(&servers[i].child))
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

/* Somebody restarts faster than servers stop. */
static void make_room(void)
{
    struct server *oldest = servers;

    while (oldest->state != STOPPING)
        oldest++;
    report("%d servers are still stopping; killing the oldest", MAX_SERVERS);
    child_kill(&oldest->child);
    forget(oldest);
}

int servers_start(void)
{
    struct server *server, *old;
    char name[32];

    if (count == MAX_SERVERS)
        make_room();
    old = servers_in(RUNNING);
    server = &servers[count];
    memset(server, 0, sizeof *server);
    tail_clear(&output);
    if (!child_start_server(&server->child, options, sockets, &output))
        return 0;
    server->state = STARTING;
    server->started = now_ms(); /* a virus scanner may have looked at it before */
    server->generation = ++generation;
    snprintf(name, sizeof name, "server %u", server->generation);
    readiness_begin(&server->readiness, name);
    if (old)
        readiness_learn_again(&old->readiness);
    count++;
    return 1;
}

static void become_ready(struct server *ready, const char *reason)
{
    const struct server *old = servers_in(RUNNING);

    outputs_drain(); /* what it printed comes before the news that it is ready */
    ready->state = RUNNING;
    readiness_reached(&ready->readiness);
    if (old)
        report("%s is ready after %s: %s; stopping process %ld", server_name(ready),
               since(ready->started), reason, old->child.id);
    else
        report("%s is ready after %s: %s", server_name(ready), since(ready->started), reason);
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

/* What even that does not end is a zombie that its parent does not reap, or has become another
 * user's: it is let go. */
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

/* One that was seen to be ready, and ended, is over, whatever child it left. */
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

static void look_after_stopping(struct server *server)
{
    if (server->child.leader_ended && !child_is_left(&server->child))
        forget(server);
    else if (now_ms() >= server->deadline)
        kill_at_last(server);
}

/* One that could not be started has no process to look at. */
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
    return ready;
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
