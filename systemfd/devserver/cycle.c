/* SPDX-License-Identifier: MIT */
#include "cycle.h"

#include "build.h"
#include "changes.h"
#include "clock.h"
#include "output.h"
#include "page/page.h"
#include "restart_loop.h"
#include "report.h"
#include "servers.h"
#include "watch.h"

enum {
    FIRST_BACKOFF_MS = 100, /* before a crashed server is started again, then doubled */
    LAST_BACKOFF_MS = 5000, /* up to this */
    PAGE_BACKOFF_MS = 800,  /* from here on, the wait is worth a page */
    GOOD_LIFE_MS = 10000    /* who lived this long starts at the first backoff again */
};

static const struct options *options;
static const struct sockets *sockets;
static long long first_change, last_change; /* 0: none waits */
static int build_again;                     /* the build is being ended, for another one */
static int start_when_stopped;              /* --stop-first */
static void (*retry)(void);                 /* what is tried again, */
static long long retry_at;                  /* and when; 0: nothing is */
static int backoff_ms;
static int crashed; /* a server has, since the last change */
static long long started_at;
static int ending, exit_status;

/* ---- Trying again ---- */

static void retry_later(void (*what)(void))
{
    retry = what;
    retry_at = now_ms() + backoff_ms;
    report("starting it again in %d ms", backoff_ms);
    backoff_ms = backoff_ms * 2 < LAST_BACKOFF_MS ? backoff_ms * 2 : LAST_BACKOFF_MS;
}

static void show_page(const char *title, const struct tail *text)
{
    if (no_server_is_up() && !options->no_error_page)
        page_show(title, text);
}

/* ---- Servers ---- */

static void start_server(void)
{
    struct server *starting = servers_in(STARTING);

    retry_at = 0;
    started_at = now_ms();
    page_hide();
    if (starting)
        server_stop(starting);
    start_when_stopped = options->stop_first && !no_server_is_left();
    if (start_when_stopped)
        servers_stop();
    else if (!servers_start())
        retry_later(start_server);
}

static void fail_with(int status)
{
    exit_status = status;
    cycle_end(-1);
}

static void restart_after_crash(const struct server *server)
{
    if (now_ms() - server->started >= GOOD_LIFE_MS)
        backoff_ms = FIRST_BACKOFF_MS;
    if (backoff_ms >= PAGE_BACKOFF_MS)
        show_page("The server crashed", servers_output());
    crashed = 1;
    retry_later(start_server);
}

static void server_crashed(const struct server *server, const struct exit_status *how)
{
    if (how->code == 0) {
        report("server %u ended by itself; waiting for a change", server->generation);
        show_page("The server ended", servers_output());
        return;
    }
    report("server %u crashed: %s", server->generation, how->text);
    readiness_explain(&server->readiness);
    if (no_server_is_up() && !options->exit_on_failure)
        restart_after_crash(server);
}

/* One that follows a crashed one is the same server: it is tried on. */
static void server_did_not_start(const struct server *server, const struct exit_status *how)
{
    int go_on = no_server_is_up() && crashed && !options->exit_on_failure;

    report("server %u died before it was ready: %s%s", server->generation, how->text,
           !no_server_is_up() ? "; the old server stays"
           : go_on            ? ""
                              : "; waiting for a change");
    readiness_explain(&server->readiness);
    show_page("The server does not start", servers_output());
    if (go_on)
        retry_later(start_server);
}

static void server_has_ended(struct server *server, const struct exit_status *how)
{
    enum state before;

    outputs_drain();
    if (how->code == 0 && server_goes_on(server))
        return;
    before = server_ended(server);
    if (ending || before == STOPPING)
        return;
    if (before == RUNNING)
        server_crashed(server, how);
    else
        server_did_not_start(server, how);
    if (options->exit_on_failure && how->code != 0 && no_server_is_up())
        fail_with(how->code);
}

/* ---- Builds ---- */

static void begin_build(void)
{
    if (retry == begin_build)
        retry_at = 0;
    page_hide(); /* who asks now waits in the queue for the outcome */
    build_again = 0;
    if (build_begin(options))
        changes_build_begins();
    else
        retry_later(begin_build);
}

static void begin_cycle(void)
{
    first_change = last_change = 0;
    backoff_ms = FIRST_BACKOFF_MS;
    crashed = 0;
    if (!options->build) {
        start_server();
    } else if (build_id()) {
        build_again = 1;
        build_stop();
    } else {
        begin_build();
    }
}

static void call_for_restart(void)
{
    page_hide(); /* what it says may be mended already */
    last_change = now_ms();
    if (!first_change)
        first_change = last_change;
}

void cycle_changed(const char *path)
{
    if (!path)
        path = options->watch.list[0];
    if (change_noted(path, now_ms()))
        call_for_restart();
}

static void build_failed(const struct exit_status *how)
{
    report("the build failed after %s: %s; %s", since(build_began()), how->text,
           no_server_is_up() ? "waiting for a change" : "the old server stays");
    show_page("The build failed", build_output());
}

static void build_has_ended(const struct exit_status *how)
{
    build_end();
    outputs_drain();
    if (ending)
        return;
    if (build_again) {
        begin_build();
        return;
    }
    watch_read(cycle_changed); /* what it wrote is still to be told from the user's changes */
    if (changes_decide(now_ms()) > 0)
        call_for_restart();
    changes_build_ends();
    if (how->code != 0) {
        build_failed(how);
        return;
    }
    report("built in %s", since(build_began()));
    start_server();
}

/* ---- What has happened ---- */

void cycle_begin(const struct options *given, const struct sockets *given_sockets)
{
    options = given;
    sockets = given_sockets;
    servers_setup(given, given_sockets);
    begin_cycle();
}

void cycle_child_ended(long id, const struct exit_status *how)
{
    struct server *server = servers_find(id);

    if (how->code == EXIT_CANNOT_EXECUTE)
        watch_modes();
    if (id == build_id())
        build_has_ended(how);
    else if (server)
        server_has_ended(server, how);
}

void cycle_restart(const char *reason)
{
    if (ending)
        return;
    report("restarting: %s", reason);
    changes_clear();
    begin_cycle();
}

void cycle_end(int reason)
{
    if (ending) {
        servers_kill();
        build_kill();
        return;
    }
    ending = reason;
    first_change = retry_at = start_when_stopped = 0;
    page_end();
    if (build_id())
        build_stop();
    servers_stop();
}

/* ---- Time ---- */

/* A pause of the delay, but no longer than ten of them in all. */
static int is_change_due(void)
{
    long long now = now_ms();

    return first_change && (now - last_change >= options->delay_ms ||
                            now - first_change >= 10LL * options->delay_ms);
}

static void look_at_changes(void)
{
    size_t count;
    const char *path;

    if (changes_decide(now_ms() - options->delay_ms) > 0)
        call_for_restart();
    if (!is_change_due())
        return;
    path = changes_first(&count);
    report("changed: %s%s", path ? path : "?", count > 1 ? " ..." : "");
    if (path)
        restart_loop_look(path, first_change - started_at);
    changes_clear();
    begin_cycle();
}

void cycle_look(void)
{
    if (!ending)
        look_at_changes();
    if (retry_at && now_ms() >= retry_at && !build_id())
        retry();
    if (servers_look_after()) {
        retry_at = 0;
        page_hide();
    }
    if (start_when_stopped && no_server_is_left() && !build_id())
        start_server();
    build_look_after();
    if (build_again && !build_id())
        begin_build();
    page_look_after(sockets);
}

static int own_timeout(void)
{
    int wait = -1;

    if (first_change)
        wait = until(last_change + options->delay_ms);
    if (retry_at && !build_id())
        wait = earlier(wait, until(retry_at));
    if (changes_undecided() && !ending)
        wait = earlier(wait, until(changes_undecided() + options->delay_ms + 1));
    return wait;
}

int cycle_timeout(void)
{
    int wait = earlier(own_timeout(), earlier(page_timeout(), build_timeout()));

    return earlier(wait, servers_timeout());
}

/* ---- The end ---- */

int cycle_ending(void)
{
    return ending;
}

int cycle_is_over(void)
{
    return ending && no_server_is_left() && !build_id() && !page_is_there();
}

int cycle_exit_status(void)
{
    return exit_status;
}
