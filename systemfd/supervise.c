/* SPDX-License-Identifier: MIT
 *
 *   change -> (pause) -> build -> start the new server -> it is ready -> stop the old one
 *                          |               |
 *                          fails           dies: the old server stays; without one, http is
 *                                          answered with what was printed
 */
#include "supervise.h"

#include "changes.h"
#include "made_paths.h"
#include "notify.h"
#include "output.h"
#include "process.h"
#include "responder.h"
#include "signals.h"
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
    MAX_SERVERS = 24,
    TICK_MS = 50,               /* how often what has no event is looked at */
    FIRST_BACKOFF_MS = 100,     /* before a crashed server is started again, then doubled */
    LAST_BACKOFF_MS = 5000,     /* up to this */
    PAGE_BACKOFF_MS = 800,      /* from here on, the wait is worth a page */
    GOOD_LIFE_MS = 10000,       /* who lived this long starts at the first backoff again */
    NOTIFY_PATIENCE_MS = 60000, /* for READY=1 of a server whose forerunners said it */
    SLOW_BUILD_MS = 500,        /* from here on, a terminal is told that it builds */
    BUILD_STOP_MS = 2000,       /* for a build that was told to end */
    KILL_PATIENCE_MS = 1000,    /* for a process group that was killed */
};

enum state { STARTING, RUNNING, STOPPING };

struct server {
    pid_t pid; /* of the leader of its process group */
    enum state state;
    int leader_ended; /* its group may have others left */
    int killed;
    unsigned generation;
    long long started, deadline; /* to be ready, when starting; to be gone, when stopping */
    struct notify notify;
};

struct build {
    pid_t pid; /* 0: none runs */
    int again; /* it is being ended, for another one */
    int announced;
    long long started, deadline;
};

static const struct options *options;
static struct sockets *sockets;

static struct server servers[MAX_SERVERS]; /* oldest first */
static size_t server_count;
static struct build build;
static struct tail build_tail, server_tail;
static const char *page_title; /* of the page that is to be shown; NULL: none */
static const struct tail *page_tail;
static pid_t responder;
static int responder_stopping;

static unsigned generation;
static long long first_change, last_change; /* 0: none waits */
static long long restart_at;                /* after a crash; 0: not */
static int backoff_ms = FIRST_BACKOFF_MS;
static int start_when_stopped; /* --stop-first */
static int speaks_notify;      /* some generation did */
static int ending;             /* the signal that ends it all, or -1: a failure does */
static int exit_status;
static int stop_signal;

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "exit status 2", "signal SEGV": how it ended. */
static const char *how(int status)
{
    static char text[64];

    if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "signal %s", signal_name(WTERMSIG(status)));
    else
        snprintf(text, sizeof text, "exit status %d", WEXITSTATUS(status));
    return text;
}

/* "340 ms", "2.3 s" */
static const char *since(long long start)
{
    static char text[32];
    long long took = now_ms() - start;

    if (took < 1000)
        snprintf(text, sizeof text, "%lld ms", took);
    else
        snprintf(text, sizeof text, "%lld.%lld s", took / 1000, took % 1000 / 100);
    return text;
}

/* ---- The page in the server's stead ---- */

static void show_page(const char *title, const struct tail *tail)
{
    page_title = title;
    page_tail = tail;
}

static void hide_page(void)
{
    page_title = NULL;
    responder_stopping = responder != 0;
    if (responder)
        kill(responder, SIGTERM);
}

/* An earlier page may still be in a slow client's hands. */
static void look_after_page(void)
{
    if (responder_stopping)
        kill(responder, SIGTERM);
    else if (page_title && !responder && !options->no_error_page && !ending)
        responder = responder_start(sockets, page_title, page_tail);
}

/* ---- Servers ---- */

static struct server *find_state(enum state state)
{
    for (size_t i = server_count; i-- > 0;)
        if (servers[i].state == state)
            return &servers[i];
    return NULL;
}

static int nobody_serves(void)
{
    return !find_state(RUNNING) && !find_state(STARTING);
}

static void forget_server(struct server *server)
{
    size_t index = (size_t)(server - servers);

    notify_close(&server->notify);
    server_count--;
    memmove(server, server + 1, (server_count - index) * sizeof *server);
}

/* The leader is asked first: it knows what its children are about. */
static void stop_server(struct server *server)
{
    if (server->state == STOPPING)
        return;
    server->state = STOPPING;
    server->deadline = now_ms() + (long long)options->stop_timeout_s * 1000;
    if (server->leader_ended)
        kill(-server->pid, stop_signal);
    else
        kill(server->pid, stop_signal);
    kill(-server->pid, SIGCONT); /* one that is stopped could not see it */
}

/* What even KILL does not end is a zombie that its parent does not reap: it is let go. */
static void kill_server(struct server *server)
{
    if (server->killed && server->leader_ended) {
        forget_server(server);
        return;
    }
    if (!server->killed)
        report("process %ld does not stop; killing it and its process group", (long)server->pid);
    server->killed = 1;
    kill(-server->pid, SIGKILL);
    server->deadline = now_ms() + KILL_PATIENCE_MS;
}

static void become_ready(struct server *ready)
{
    const struct server *old = find_state(RUNNING);

    ready->state = RUNNING;
    restart_at = 0;
    hide_page();
    if (old)
        report("server %u is ready after %s (process %ld); stopping process %ld", ready->generation,
               since(ready->started), (long)ready->pid, (long)old->pid);
    else
        report("server %u is ready after %s (process %ld)", ready->generation,
               since(ready->started), (long)ready->pid);
    for (size_t i = 0; i < server_count; i++)
        if (&servers[i] != ready)
            stop_server(&servers[i]);
}

static void start_new(void)
{
    struct server *server, *starting = find_state(STARTING), *running = find_state(RUNNING);

    restart_at = 0;
    if (starting)
        stop_server(starting);
    if (options->stop_first && server_count > 0) {
        if (running)
            stop_server(running);
        start_when_stopped = 1;
        return;
    }
    if (server_count == MAX_SERVERS) { /* somebody restarts faster than servers stop */
        size_t oldest = servers[0].state == RUNNING;
        report("%d servers are still stopping; killing the oldest", MAX_SERVERS);
        kill(-servers[oldest].pid, SIGKILL);
        forget_server(&servers[oldest]);
    }
    server = &servers[server_count++];
    memset(server, 0, sizeof *server);
    server->state = STARTING;
    server->generation = ++generation;
    server->started = now_ms();
    server->deadline = server->started + (speaks_notify ? NOTIFY_PATIENCE_MS : options->settle_ms);
    tail_clear(&server_tail);
    notify_open(&server->notify, server->generation);
    server->pid = start_server(options, sockets,
                               server->notify.fd >= 0 ? server->notify.name : NULL, &server_tail);
}

static void end_all(int reason)
{
    if (ending)
        return;
    ending = reason;
    first_change = restart_at = 0;
    hide_page();
    if (responder)
        kill(responder, SIGKILL);
    if (build.pid) {
        build.deadline = now_ms() + BUILD_STOP_MS;
        kill(-build.pid, SIGTERM);
    }
    for (size_t i = 0; i < server_count; i++)
        stop_server(&servers[i]);
}

static void fail_with(int status)
{
    exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    end_all(-1);
}

static void restart_after_crash(const struct server *server)
{
    if (now_ms() - server->started >= GOOD_LIFE_MS)
        backoff_ms = FIRST_BACKOFF_MS;
    restart_at = now_ms() + backoff_ms;
    report("starting it again in %d ms", backoff_ms);
    if (backoff_ms >= PAGE_BACKOFF_MS)
        show_page("The server crashed", &server_tail);
    backoff_ms = backoff_ms * 2 < LAST_BACKOFF_MS ? backoff_ms * 2 : LAST_BACKOFF_MS;
}

static void server_failed(const struct server *server, enum state before, int status)
{
    const char *next = nobody_serves() ? "waiting for a change" : "the old server stays";

    if (before == RUNNING && status == 0) {
        report("server %u ended by itself; waiting for a change", server->generation);
        show_page("The server ended", &server_tail);
    } else if (before == RUNNING) {
        report("server %u crashed: %s", server->generation, how(status));
        if (!options->exit_on_failure && nobody_serves())
            restart_after_crash(server);
    } else {
        report("server %u died before it was ready: %s; %s", server->generation, how(status), next);
        if (nobody_serves())
            show_page("The server does not start", &server_tail);
    }
    if (options->exit_on_failure && status != 0 && nobody_serves())
        fail_with(status);
}

static void leader_ended(struct server *server, int status)
{
    enum state before = server->state;

    outputs_drain();
    server->leader_ended = 1;
    if (before == STOPPING) {
        if (group_lives(server->pid)) /* now those who outlive it */
            kill(-server->pid, stop_signal);
    } else {
        stop_server(server);
        if (!ending)
            server_failed(server, before, status);
    }
}

static void look_after(struct server *server)
{
    long long now = now_ms();

    if (server->state != STOPPING && notify_read(&server->notify)) {
        speaks_notify = 1; /* even if it comes too late this time */
        if (server->state == STARTING)
            become_ready(server);
    } else if (server->state == STARTING && now >= server->deadline) {
        if (speaks_notify)
            report("server %u did not say READY=1, but lives", server->generation);
        become_ready(server);
    } else if (server->state == STOPPING) {
        if (server->leader_ended && !group_lives(server->pid))
            forget_server(server);
        else if (now >= server->deadline)
            kill_server(server);
    }
}

/* ---- Builds ---- */

static void begin_build(void)
{
    hide_page(); /* who asks now waits in the queue for the outcome */
    tail_clear(&build_tail);
    changes_build_begins();
    build.started = now_ms();
    build.again = build.announced = 0;
    build.deadline = 0;
    build.pid = start_build(options, &build_tail);
}

static void begin_cycle(void)
{
    first_change = last_change = 0;
    backoff_ms = FIRST_BACKOFF_MS;
    if (!options->build) {
        hide_page();
        start_new();
    } else if (build.pid) {
        if (!build.again)
            build.deadline = now_ms() + BUILD_STOP_MS;
        build.again = 1;
        kill(-build.pid, SIGTERM);
    } else {
        begin_build();
    }
}

static void call_for_restart(void)
{
    last_change = now_ms();
    if (!first_change)
        first_change = last_change;
}

static void note_change(const char *path)
{
    if (change_noted(path, now_ms()))
        call_for_restart();
}

static void build_ended(int status)
{
    kill(-build.pid, SIGKILL); /* what it may have left in the background */
    build.pid = 0;
    outputs_drain();
    if (ending)
        return;
    if (build.again) {
        begin_build();
        return;
    }
    watch_read(note_change); /* what it wrote is still to be told from the user's changes */
    if (changes_decide(now_ms()) > 0)
        call_for_restart();
    changes_build_ends();
    if (status == 0) {
        report("built in %s", since(build.started));
        hide_page(); /* of a server that died meanwhile */
        start_new();
        return;
    }
    report("the build failed after %s: %s; %s", since(build.started), how(status),
           nobody_serves() ? "waiting for a change" : "the old server stays");
    if (nobody_serves())
        show_page("The build failed", &build_tail);
}

static void look_after_build(void)
{
    if (!build.pid)
        return;
    if (build.deadline && now_ms() >= build.deadline) {
        kill(-build.pid, SIGKILL);
        build.deadline = now_ms() + KILL_PATIENCE_MS;
    }
    if (!build.announced && now_ms() - build.started >= SLOW_BUILD_MS) {
        if (isatty(STDERR_FILENO))
            report("building ...");
        build.announced = 1;
    }
}

/* ---- Events ---- */

static void child_ended(pid_t pid, int status)
{
    if (pid == build.pid) {
        build_ended(status);
    } else if (pid == responder) {
        responder = responder_stopping = 0;
    } else {
        for (size_t i = 0; i < server_count; i++)
            if (servers[i].pid == pid && !servers[i].leader_ended) {
                leader_ended(&servers[i], status);
                return;
            }
    }
}

static void reap(void)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        child_ended(pid, status);
}

static void restart_by_hand(void)
{
    report("restarting: SIGHUP");
    changes_clear();
    begin_cycle();
}

static void kill_all(void)
{
    for (size_t i = 0; i < server_count; i++)
        kill(-servers[i].pid, SIGKILL);
    if (build.pid)
        kill(-build.pid, SIGKILL);
}

/* A terminal that was closed sends SIGHUP, too; then it is no request to restart. */
static int terminal_is_gone(int had_terminal)
{
    return had_terminal && !isatty(STDERR_FILENO);
}

static void handle_signal(int number, int had_terminal)
{
    if (number == SIGCHLD)
        return; /* reap() looks anyway */
    if (number == SIGHUP && !terminal_is_gone(had_terminal)) {
        if (!ending)
            restart_by_hand();
    } else if (ending) {
        kill_all(); /* asked twice: at once */
    } else {
        end_all(number);
    }
}

static void look_at_time(void)
{
    long long now = now_ms();
    size_t count;

    if (!ending && changes_decide(now - options->delay_ms) > 0)
        call_for_restart();
    /* A pause of the delay, but no longer than ten of them in all. */
    if (first_change && !ending &&
        (now - last_change >= options->delay_ms ||
         now - first_change >= 10LL * options->delay_ms)) {
        const char *path = changes_first(&count);
        report("changed: %s%s", path ? path : "?", count > 1 ? " ..." : "");
        changes_clear();
        begin_cycle();
    }
    if (restart_at && now >= restart_at && !ending && !build.pid) {
        hide_page();
        start_new();
    }
    for (size_t i = server_count; i-- > 0;)
        look_after(&servers[i]);
    if (start_when_stopped && server_count == 0 && !build.pid && !ending) {
        start_when_stopped = 0;
        start_new();
    }
    look_after_build();
    look_after_page();
}

/* ---- Waiting ---- */

static int earlier(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

static int until(long long when)
{
    long long left = when - now_ms();

    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Milliseconds until something is to be done without an event; -1: never. */
static int timeout(void)
{
    int wait = watch_timeout();

    if (first_change)
        wait = earlier(wait, until(last_change + options->delay_ms));
    if (restart_at && !build.pid)
        wait = earlier(wait, until(restart_at));
    if (changes_undecided() && !ending)
        wait = earlier(wait, until(changes_undecided() + options->delay_ms + 1));
    if (responder_stopping)
        wait = earlier(wait, TICK_MS);
    if (build.pid && build.deadline)
        wait = earlier(wait, until(build.deadline));
    if (build.pid && !build.announced)
        wait = earlier(wait, until(build.started + SLOW_BUILD_MS));
    for (size_t i = 0; i < server_count; i++) {
        if (servers[i].state != RUNNING)
            wait = earlier(wait, until(servers[i].deadline));
        if (servers[i].leader_ended)
            wait = earlier(wait, TICK_MS);
    }
    return wait;
}

/* Waits for whatever comes first, and handles signals and output; the rest is looked at in
 * any case. */
static void wait_for_events(int signals, int had_terminal)
{
    enum { FIXED = 2, ROOM = FIXED + MAX_SERVERS + 64 };
    struct pollfd entries[ROOM];
    unsigned char number;
    size_t count = 0, outputs;

    memset(entries, 0, sizeof entries);
    entries[count++].fd = signals;
    entries[count++].fd = ending ? -1 : watch_descriptor();
    for (size_t i = 0; i < server_count; i++)
        entries[count++].fd = servers[i].state != STOPPING ? servers[i].notify.fd : -1;
    for (size_t i = 0; i < count; i++)
        entries[i].events = POLLIN;
    outputs = outputs_poll(entries + count, ROOM - count);
    if (poll(entries, (nfds_t)(count + outputs), timeout()) < 0 && errno != EINTR)
        die(EXIT_CANNOT_OPEN, "cannot wait for events: %s", strerror(errno));
    outputs_copy(entries + count, outputs);
    while (read(signals, &number, 1) == 1)
        handle_signal(number, had_terminal);
}

static int something_is_left(void)
{
    return server_count > 0 || build.pid || responder;
}

/* Dies of the signal itself, so that a shell or make that waits sees what it was. */
static int finish(void)
{
    kill_children();
    outputs_drain();
    made_paths_remove(sockets);
    if (ending > 0) {
        signal(ending, SIG_DFL);
        raise(ending);
    }
    return exit_status;
}

void supervise_check(const struct options *given)
{
    struct stat status;

    stop_signal = signal_number(given->stop_signal);
    if (stop_signal == 0)
        die(EXIT_USAGE,
            "--stop-signal '%s' is not a signal; expected a name like TERM, or a number",
            given->stop_signal);
    for (size_t i = 0; i < given->watch.count; i++)
        if (stat(given->watch.list[i], &status) < 0)
            die(EXIT_CANNOT_OPEN, "cannot watch %s: %s", given->watch.list[i], strerror(errno));
}

int supervise(const struct options *given, struct sockets *given_sockets)
{
    int signals = signals_open(), had_terminal = isatty(STDERR_FILENO);

    options = given;
    sockets = given_sockets;
#ifdef PR_SET_CHILD_SUBREAPER
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* to reap those whose parents have ended */
#endif
    made_paths_remember(sockets);
    watch_open(options);
    begin_cycle();
    while (!ending || something_is_left()) {
        wait_for_events(signals, had_terminal);
        reap();
        if (!ending)
            watch_read(note_change);
        look_at_time();
    }
    return finish();
}
