/* SPDX-License-Identifier: MIT */
#include "cycle.h"

#include "after.h"
#include "bind_failure.h"
#include "build.h"
#include "changes.h"
#include "clock.h"
#include "debounce.h"
#include "first_client.h"
#include "output.h"
#include "page/live_reload.h"
#include "page/page.h"
#include "restart_loop.h"
#include "report.h"
#include "servers.h"
#include "watch.h"

#include <stdio.h>

enum {
    SOON_MS = 1000,         /* a change this soon after a server's start may be its own doing, */
    SOON_READY_MS = 500,    /* or this soon after it became ready: no person saves that fast */
    AFTERMATH_MS = 200,     /* processes that a build left behind may write for this long */
    PATIENT_BUILDS = 5,     /* after changes have ended so many in a row, one runs to its end */
    FIRST_BACKOFF_MS = 100, /* before a crashed server is started again; then doubled */
    LAST_BACKOFF_MS = 5000,
    END_SLOW_MS = 1000,    /* an end that takes longer says which process is waited for */
    PAGE_BACKOFF_MS = 800, /* clients that would wait longer get the error page */
    GOOD_LIFE_MS = 10000   /* a server that lived this long starts at the first backoff again */
};

static const struct options *options;
static const struct sockets *sockets;
static int by_hand;     /* somebody asked for a restart, which waits for the build's end */
static int build_again; /* the build is being ended; another one follows at once */
static int built;       /* the build has succeeded, and its server is not started yet */
static long long build_ended_at, started_at, ready_at;
static int start_when_stopped; /* --stop-first: the old server is still stopping */
static void (*retry)(void);    /* what failed, and is tried again */
static long long retry_at;     /* 0: nothing is */
static int backoff_ms;
static int stale;      /* --lazy: the next start has to build first */
static int for_client; /* --lazy: a client has come, and no server has become ready since */
static int crashed;    /* a server has crashed since the last change */
static int is_service;
static unsigned accepting; /* --accept: the version that connections start; 0: none yet */
static int ending, at_once, exit_status;
static unsigned newest_ended; /* the generation that exit_status is from, once a signal ended us */
static char failure[160];     /* the last one since a server became ready */
static long long tell_at;     /* when to say which process the end waits for; 0: said */

/* ---- Trying again ---- */

static void retry_later(void (*what)(void))
{
    retry = what;
    retry_at = now_ms() + backoff_ms;
    report("starting it again in %d ms", backoff_ms);
    backoff_ms = backoff_ms * 2 < LAST_BACKOFF_MS ? backoff_ms * 2 : LAST_BACKOFF_MS;
}

static int nobody_answers(void)
{
    return options->accept_max ? !accepting : no_server_is_up();
}

static void show_page(const char *title, const struct tail *text)
{
    if (nobody_answers() && !options->no_error_page)
        page_show(title, text);
}

/* ---- Servers ---- */

static void tell_ready(unsigned generation)
{
    ready_at = now_ms();
    retry_at = for_client = 0;
    *failure = '\0';
    page_hide();
    live_reload_tell();
    after_ready(generation);
}

/* --accept: there is nothing to start yet. */
static void begin_to_accept(void)
{
    accepting++;
    if (accepting == 1)
        report("accepting: each connection starts the command");
    else
        report("accepting: from now on each connection starts the new command");
    tell_ready(accepting);
}

static void start_server(void)
{
    struct server *starting;

    first_client_forget();
    if (options->accept_max) {
        begin_to_accept();
        return;
    }
    retry_at = 0;
    started_at = now_ms();
    page_hide();
    while ((starting = servers_in(STARTING)) != NULL)
        server_stop(starting);
    start_when_stopped = options->stop_first && !no_server_is_left();
    if (start_when_stopped)
        servers_stop();
    else if (!servers_start())
        retry_later(start_server);
}

void cycle_exit(int status)
{
    exit_status = status;
    cycle_end(-1);
}

/* What a report ends with when there is nothing to do until then. */
static const char *waiting_for(void)
{
    return options->watch.count > 0 ? "; waiting for a change" : "; waiting for a restart by hand";
}

/* Does systemfd end with that server? */
static int is_the_end(const struct exit_status *how)
{
    if (!no_server_is_up())
        return 0;
    return options->exit_with_server || (options->exit_on_failure && how->code != 0) ||
           (is_service && (!ready_at || how->code == 0));
}

static void restart_after_crash(void)
{
    if (backoff_ms >= PAGE_BACKOFF_MS)
        show_page("The server crashed", servers_output());
    crashed = 1;
    retry_later(start_server);
}

/* --lazy: a server may end when it is idle. */
static void server_is_idle(const struct server *server)
{
    report("%s ended by itself; the next client starts it again", server_name(server));
    first_client_wait_after(now_ms() - server->started, sockets);
}

static void server_crashed(struct server *server, const struct exit_status *how)
{
    if (now_ms() - server->started >= GOOD_LIFE_MS)
        backoff_ms = FIRST_BACKOFF_MS;
    if (how->code == 0) {
        snprintf(failure, sizeof failure, "%s ended by itself", server_name(server));
        report("%s%s", failure, is_the_end(how) || workers_are_missing() ? "" : waiting_for());
        show_page("The server ended", servers_output());
        return;
    }
    snprintf(failure, sizeof failure, "%s crashed: %s", server_name(server), how->text);
    report("%s", failure);
    readiness_explain(&server->readiness);
    bind_failure_explain(servers_output(), !no_server_is_up());
    if (no_server_is_up() && !is_the_end(how))
        restart_after_crash();
}

/* A server that replaces a crashed one runs the same code: it is tried again and again. So it is
 * with --lazy, where a client waits and there may be no change to wait for. */
static int is_tried_on(void)
{
    return crashed || (options->lazy && options->watch.count == 0);
}

static void server_did_not_start(struct server *server, const struct exit_status *how)
{
    int go_on = no_server_is_up() && is_tried_on() && !is_the_end(how);
    int says_more = go_on || is_the_end(how) || !no_server_is_up();

    snprintf(failure, sizeof failure, "%s died before it was ready: %s", server_name(server),
             how->text);
    report("%s%s", failure,
           !server_has_substitute(server) ? (says_more ? "" : waiting_for())
           : options->workers > 1         ? "; the old workers stay"
                                          : "; the old server stays");
    readiness_explain(&server->readiness);
    bind_failure_explain(servers_output(), !no_server_is_up());
    show_page("The server does not start", servers_output());
    if (go_on)
        retry_later(start_server);
}

/* ---- Workers ---- */

static void start_missing(void)
{
    retry_at = 0;
    if (!workers_start_missing())
        retry_later(start_missing);
}

static void roll_on_again(void)
{
    retry_at = 0;
}

/* Not during a build: it rewrites the program. */
static void look_after_workers(void)
{
    if (ending || retry_at || build_id())
        return;
    if (workers_are_missing()) {
        crashed = 1;
        retry_later(start_missing);
    } else if (!servers_roll_on()) {
        retry_later(roll_on_again);
    }
}

/* ---- Servers that end ---- */

/* The newest server's exit status is systemfd's. */
static void note_exit_status(const struct server *server, const struct exit_status *how)
{
    if (server->generation < newest_ended)
        return;
    newest_ended = server->generation;
    exit_status = how->code;
}

static void server_has_ended(struct server *server, const struct exit_status *how)
{
    enum state before;

    outputs_drain();
    if (how->code == 0 && server_goes_on(server))
        return;
    before = server_ended(server);
    if (ending > 0)
        note_exit_status(server, how);
    if (ending || before == STOPPING)
        return;
    if (how->code == 0 && options->lazy && no_server_is_up() && !is_the_end(how))
        server_is_idle(server);
    else if (before == RUNNING)
        server_crashed(server, how);
    else
        server_did_not_start(server, how);
    if (servers_end_rollout(server) && before == RUNNING)
        report("so the other old workers stay");
    if (is_the_end(how))
        cycle_exit(how->code);
}

/* ---- Builds ---- */

static void begin_build(void)
{
    if (retry == begin_build)
        retry_at = 0;
    page_hide(); /* clients wait in the queue for the outcome */
    build_again = 0;
    if (build_begin(options))
        changes_build_begins();
    else
        retry_later(begin_build);
}

/* The next start is for all changes so far. */
static void take_changes(void)
{
    by_hand = built = 0;
    debounce_take();
    changes_clear();
    restart_loop_restarts();
    backoff_ms = FIRST_BACKOFF_MS;
    crashed = 0;
}

/* No build runs. */
static void begin_cycle(void)
{
    for_client = 0;
    take_changes();
    first_client_forget();
    stale = 0;
    if (options->build)
        begin_build();
    else
        start_server();
}

/* Only if the user says that builds can take it. When changes have ended several builds in a row,
 * the next one runs to its end: the changes may be its own. */
static int may_end_build(void)
{
    return options->restart_build && restart_loop_builds() < PATIENT_BUILDS;
}

static void end_build_for_another(void)
{
    if (build_again)
        return;
    build_again = 1;
    build_stop();
}

static int is_soon_after_start(long long when)
{
    return servers_in(STARTING) || when - started_at < SOON_MS || when - ready_at < SOON_READY_MS;
}

/* A change counts, made at that time. begin_cycle forgets it. */
static void change_counts_as(const char *path, long long when, int in_build)
{
    page_hide(); /* the error may be fixed already */
    if (in_build || (started_at < build_ended_at && when - build_ended_at < AFTERMATH_MS))
        restart_loop_build_changed(path);
    else
        restart_loop_changed(path, is_soon_after_start(when));
    if (build_id() && !debounce_began() && !may_end_build())
        report("another build will follow: %s changed", path ? path : "something");
    debounce_add(path, when);
}

static void file_is_new(const char *path)
{
    change_is_new_file(path);
    debounce_new_file();
}

void cycle_changed(const char *path)
{
    change_noted(path, now_ms());
}

static void begin_screen(void)
{
    if (options->clear)
        report_clear();
}

static void tell_change(void)
{
    size_t count;
    const char *path = changes_first(&count);

    begin_screen();
    report("changed: %s%s", path ? path : "?", count > 1 ? " ..." : "");
}

static void build_failed(const struct exit_status *how)
{
    int ends = (options->exit_on_failure || (is_service && !ready_at)) && nobody_answers();

    stale = 1;
    snprintf(failure, sizeof failure, "the build failed after %s: %s", since(build_began()),
             how->text);
    report("%s%s", failure,
           ends                  ? ""
           : nobody_answers()    ? waiting_for()
           : options->accept_max ? "; connections go on to start the command that is there"
                                 : "; the old server stays");
    if (ends) {
        cycle_exit(how->code);
        return;
    }
    if (nobody_answers())
        first_client_forget(); /* the server ended by itself during the build */
    show_page("The build failed", build_output());
}

static void build_has_ended(const struct exit_status *how)
{
    build_end();
    outputs_drain();
    if (ending)
        return;
    watch_read(cycle_changed); /* while what the build wrote can still be told from saves */
    changes_build_ends();
    build_ended_at = now_ms();
    if (build_again) {
        tell_change();
        begin_cycle();
    } else if (how->code != 0) {
        build_failed(how);
    } else {
        report("built in %s", since(build_began()));
        built = 1;
    }
}

/* ---- What has happened ---- */

static void wait_for_first_client(void)
{
    take_changes();
    first_client_wait();
    stale = 1;
    report("waiting for the first client");
}

void cycle_begin(const struct options *given, const struct sockets *given_sockets)
{
    options = given;
    sockets = given_sockets;
    changes_setup(change_counts_as);
    debounce_setup(given->delay_ms);
    watch_tell_new(file_is_new);
    servers_setup(given, given_sockets);
    after_setup(given, given_sockets);
    if (options->lazy)
        wait_for_first_client();
    else
        begin_cycle();
}

void cycle_is_for_service(void)
{
    is_service = 1;
}

void cycle_client_came(void)
{
    report("a client has come%s", stale && options->build ? ": building" : "");
    if (stale)
        begin_cycle();
    else
        start_server();
    for_client = 1;
}

void cycle_child_ended(long id, const struct exit_status *how)
{
    struct server *server = servers_find(id);

    if (how->code == EXIT_CANNOT_EXECUTE)
        watch_modes(); /* chmod(1) is what mends it */
    if (id == build_id())
        build_has_ended(how);
    else if (id == after_id())
        after_has_ended(how);
    else if (server)
        server_has_ended(server, how);
}

void cycle_restart(const char *reason)
{
    if (ending)
        return;
    watch_read(cycle_changed); /* this restart is for earlier changes, too */
    restart_loop_ends();
    if (!build_id()) {
        begin_screen();
        report("restarting: %s", reason);
        begin_cycle();
    } else if (options->restart_build) {
        report("restarting: %s", reason);
        end_build_for_another();
    } else {
        report("restarting: %s, when the build has ended", reason);
        by_hand = 1;
    }
}

void cycle_end(int reason)
{
    if (ending) {
        at_once = 1;
        servers_kill();
        build_kill();
        after_kill();
        return;
    }
    ending = reason;
    if (ending > 0)
        exit_status = 128 + ending;
    tell_at = now_ms() + END_SLOW_MS;
    retry_at = start_when_stopped = 0;
    page_end();
    if (build_id())
        build_stop();
    after_stop();
    servers_end();
}

/* ---- Time ---- */

static void tell_who_is_waited_for(void)
{
    long server = servers_oldest(), id = server ? server : build_id() ? build_id() : after_id();

    if (!tell_at || now_ms() < tell_at)
        return;
    tell_at = 0;
    if (id)
        report("waiting for process %ld to stop; %s ends it at once", id,
               report_on_terminal() ? "Ctrl-C again" : "a second signal");
}

/* Restarts that cause each other wait. */
static long long loop_waits_until(void)
{
    return later(debounce_began(), build_ended_at) + restart_loop_wait();
}

static int another_follows_at_once(void)
{
    return by_hand || (debounce_began() && restart_loop_wait() == 0);
}

static int is_change_due(void)
{
    long long now = now_ms();

    if (!debounce_began() || now < debounce_due_at() || (build_id() && !may_end_build()))
        return 0;
    return !changes_undecided() || now >= debounce_deadline();
}

static void look_at_changes(void)
{
    if (by_hand && !build_id()) {
        begin_cycle();
    } else if (is_change_due() && build_id()) {
        end_build_for_another();
    } else if (is_change_due() && first_client_is_awaited()) {
        tell_change();
        take_changes();
        stale = 1;
    } else if (is_change_due() && now_ms() >= loop_waits_until()) {
        tell_change();
        begin_cycle();
    } else if (debounce_began() && !build_id() && restart_loop_wait() > 0) {
        restart_loop_tell();
    }
}

/* Not while a change made during the build may call for another one. */
static void start_what_was_built(void)
{
    if (!built || changes_undecided())
        return;
    built = 0;
    if (!another_follows_at_once())
        start_server();
}

void cycle_look(void)
{
    if (ending)
        tell_who_is_waited_for();
    if (!ending) {
        changes_look();
        start_what_was_built();
        look_at_changes();
    }
    if (retry_at && now_ms() >= retry_at && !build_id())
        retry();
    if (servers_look_after())
        tell_ready(servers_in(RUNNING)->generation);
    look_after_workers();
    if (start_when_stopped && no_server_is_left() && !build_id())
        start_server();
    build_look_after();
    if (build_again && !build_id())
        begin_build();
    after_look();
    page_look_after(sockets, &options->error_page_for);
}

static int change_timeout(void)
{
    if (!debounce_began() || build_again || (build_id() && !may_end_build()))
        return -1;
    if (changes_undecided())
        return until(debounce_deadline());
    return until(build_id() ? debounce_due_at() : later(debounce_due_at(), loop_waits_until()));
}

static int own_timeout(void)
{
    int wait = earlier(change_timeout(), changes_timeout());

    if (retry_at && !build_id())
        wait = earlier(wait, until(retry_at));
    return earlier(wait, first_client_timeout());
}

static int end_timeout(void)
{
    return tell_at ? until(tell_at) : -1;
}

int cycle_timeout(void)
{
    int wait =
        earlier(ending ? end_timeout() : own_timeout(), earlier(page_timeout(), build_timeout()));

    return earlier(earlier(wait, after_timeout()), servers_timeout());
}

/* ---- How it stands ---- */

int cycle_is_restarting(void)
{
    return by_hand || build_id() || built || start_when_stopped || servers_are_rolling() ||
           servers_in(STARTING);
}

const char *cycle_failure(void)
{
    return failure;
}

/* ---- Clients ---- */

int cycle_is_idle(void)
{
    return first_client_is_awaited() && !ending && !build_id();
}

int cycle_waits_for_client(void)
{
    return cycle_is_idle() && first_client_may_come();
}

int cycle_starts_for_client(void)
{
    return for_client && cycle_is_restarting();
}

/* A build may be writing the command: clients that come meanwhile get the new one. */
int cycle_accepts(void)
{
    return accepting && !build_id() && !ending;
}

/* ---- The end ---- */

int cycle_ends_at_once(void)
{
    return at_once;
}

int cycle_ending(void)
{
    return ending;
}

int cycle_is_over(void)
{
    return ending && no_server_is_left() && !build_id() && !after_id() && !page_is_there();
}

int cycle_exit_status(void)
{
    return exit_status;
}
