/* SPDX-License-Identifier: MIT */
#include "accept_each.h"

#include "clock.h"
#include "devserver/child.h"
#include "devserver/output.h"
#include "remote_peer.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    REST_MS = 100,           /* pause when there are too few descriptors or processes */
    TICK_MS = 50,            /* how often to look for processes left by a leader that has ended */
    KILL_PATIENCE_MS = 1000, /* for a killed process to be gone */
    TELL_MS = 1000           /* an end that takes longer says that it waits for connections */
};

struct connection {
    struct child child;
    int stopping, killed;
    long long deadline; /* when one that is stopping is killed, and then given up */
};

static const struct options *options;
static const struct sockets *sockets;
static struct connection connections[MAX_CONNECTIONS];
static size_t count;
static int was_full;            /* it was reported that there are as many as the option allows */
static int has_rested;          /* it was reported that one cannot be accepted or served */
static long long resting_until; /* no client is accepted before that time */
static int waiting_client = -1; /* a connection that was accepted and is not served yet, or -1 */
static int its_listener;
static long long told_at; /* when to report that the end waits for connections; 0: not, or done */

void accept_each_open(const struct options *given, const struct sockets *given_sockets)
{
    options = given;
    sockets = given_sockets;
    for (size_t i = 0; i < sockets->count; i++)
        fcntl(sockets->list[i].fd, F_SETFL, O_NONBLOCK); /* another process may take the client */
}

static void forget(struct connection *connection)
{
    size_t index = (size_t)(connection - connections);

    child_forget(&connection->child);
    count--;
    memmove(connection, connection + 1, (count - index) * sizeof *connection);
}

/* ---- Accepting ---- */

/* Accepts a blocking connection, as a program for a single connection expects it. Some systems let
 * it inherit the mode of the listener. */
static int accept_client(int listener)
{
    int client = accept(listener, NULL, NULL);

    if (client >= 0 && (fcntl(client, F_SETFD, FD_CLOEXEC) < 0 || fcntl(client, F_SETFL, 0) < 0)) {
        close(client);
        return -1;
    }
    return client;
}

static void rest(const char *what)
{
    if (!has_rested)
        report("cannot %s a connection: %s; clients wait", what, strerror(errno));
    has_rested = 1;
    resting_until = now_ms() + REST_MS;
}

/* Keeps the connection if no process can be started for it: the client that came first must not
 * lose. accept_each_look tries again. */
static void serve(int client, int listener)
{
    struct connection *connection = &connections[count];
    char peer[PEER_SIZE];

    memset(connection, 0, sizeof *connection);
    waiting_client = client;
    its_listener = listener;
    if (!child_start_connection(&connection->child, options, client)) {
        rest("serve");
        return;
    }
    describe_peer(client, listener, peer, sizeof peer);
    report("process %ld serves %s", connection->child.id, peer);
    close(client);
    waiting_client = -1;
    has_rested = 0;
    count++;
}

static void receive(int listener)
{
    int client = accept_client(listener);

    if (client >= 0)
        serve(client, listener);
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED)
        rest("accept");
}

static int has_room(void)
{
    if (count < (size_t)options->accept_max)
        return 1;
    if (!was_full)
        report("%zu connections are served; until one ends, others wait (--accept=%d)", count,
               options->accept_max);
    was_full = 1;
    return 0;
}

int accept_each_may(void)
{
    return now_ms() >= resting_until && waiting_client < 0 && has_room();
}

void accept_each_polled(const struct pollfd *entries, size_t polled)
{
    for (size_t i = 0; i < polled; i++)
        if (entries[i].revents && accept_each_may())
            receive(entries[i].fd);
}

/* ---- Ending ---- */

static void stop(struct connection *connection)
{
    if (connection->stopping)
        return;
    connection->stopping = 1;
    connection->deadline = now_ms() + (long long)options->stop_timeout_s * 1000;
    child_stop_server(&connection->child, options);
}

int accept_each_ended(long id, const struct exit_status *how)
{
    for (size_t i = 0; i < count; i++) {
        struct child *child = &connections[i].child;
        if (child->id != id || child->leader_ended)
            continue;
        outputs_drain();
        if (how->code != 0 && !connections[i].stopping)
            report("process %ld failed: %s", id, how->text);
        child->leader_ended = 1;
        if (!child_is_left(child))
            forget(&connections[i]);
        else if (connections[i].stopping)
            child_stop_server(child, options);
        else
            stop(&connections[i]);
        return 1;
    }
    return 0;
}

void accept_each_stop(void)
{
    for (size_t i = 0; i < count; i++)
        stop(&connections[i]);
    if (waiting_client >= 0)
        close(waiting_client);
    waiting_client = -1;
    told_at = now_ms() + TELL_MS;
}

void accept_each_kill(void)
{
    for (size_t i = 0; i < count; i++)
        child_kill(&connections[i].child);
}

static void kill_at_last(struct connection *connection)
{
    if (connection->killed) { /* it belongs to another user by now, say */
        forget(connection);
        return;
    }
    report("process %ld does not stop; killing it and its process group", connection->child.id);
    connection->killed = 1;
    child_kill(&connection->child);
    connection->deadline = now_ms() + KILL_PATIENCE_MS;
}

void accept_each_look(void)
{
    if (waiting_client >= 0 && now_ms() >= resting_until)
        serve(waiting_client, its_listener);
    for (size_t i = count; i-- > 0;) {
        if (connections[i].child.leader_ended && !child_is_left(&connections[i].child))
            forget(&connections[i]);
        else if (connections[i].stopping && now_ms() >= connections[i].deadline)
            kill_at_last(&connections[i]);
    }
    if (told_at && count > 0 && now_ms() >= told_at) {
        report("waiting for %zu connection%s; %s ends %s at once", count, count > 1 ? "s" : "",
               report_on_terminal() ? "Ctrl-C again" : "a second signal",
               count > 1 ? "them" : "it");
        told_at = 0;
    }
}

int accept_each_timeout(void)
{
    int wait = now_ms() < resting_until ? until(resting_until) : -1;

    for (size_t i = 0; i < count; i++) {
        if (connections[i].stopping)
            wait = earlier(wait, until(connections[i].deadline));
        if (connections[i].child.leader_ended)
            wait = earlier(wait, TICK_MS);
    }
    return told_at && count > 0 ? earlier(wait, until(told_at)) : wait;
}

int accept_each_is_left(void)
{
    return count > 0;
}
