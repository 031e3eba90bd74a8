/* SPDX-License-Identifier: MIT */
#include "devserver/supervise.h"

#include "accept_each.h"
#include "clock.h"
#include "descriptor_store.h"
#include "devserver/build.h"
#include "devserver/cycle.h"
#include "devserver/git.h"
#include "devserver/ignore.h"
#include "localhost.h"
#include "remove_at_exit.h"
#include "devserver/output.h"
#include "guardian.h"
#include "heal.h"
#include "notify.h"
#include "process.h"
#include "page/event_stream.h"
#include "page/live_reload.h"
#include "page/responder.h"
#include "devserver/servers.h"
#include "service_manager.h"
#include "service_status.h"
#include "signals.h"
#include "terminal.h"
#include "devserver/watch.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

void supervise_check(const struct options *options)
{
    struct stat status;

    service_manager_open(); /* first, so that it is told why something cannot be opened */
    for (size_t i = 0; i < options->watch.count; i++)
        if (stat(options->watch.list[i], &status) < 0)
            die(EXIT_CANNOT_OPEN, "cannot watch %s: %s", options->watch.list[i], strerror(errno));
}

/* ---- Children ---- */

static void describe(const siginfo_t *ended, struct exit_status *how)
{
    if (ended->si_code == CLD_EXITED) {
        how->code = ended->si_status;
        snprintf(how->text, sizeof how->text, "exit status %d", how->code);
    } else {
        how->code = 128 + ended->si_status;
        snprintf(how->text, sizeof how->text, "signal %s", signal_name(ended->si_status));
    }
}

/* Restarts if a server is up, as it has the old socket. */
static void restart_for(const char *new_socket)
{
    if (new_socket && !no_server_is_up())
        cycle_restart(new_socket);
}

/* A process that had the terminal got the Ctrl-C that was meant for all. If it died of that, so do
 * we, as a shell does. If it did anything else, that was its own business. */
static void child_ended(const siginfo_t *ended)
{
    const char *new_socket;
    struct exit_status how;
    int had_terminal = terminal_child_ended(ended->si_pid);

    describe(ended, &how);
    if (had_terminal && (how.code == 128 + SIGINT || how.code == 128 + SIGQUIT))
        cycle_end(how.code - 128);
    new_socket = cycle_ending() ? NULL : heal_after_end();
    if (!accept_each_ended(ended->si_pid, &how) && !responder_ended(ended->si_pid) &&
        !event_stream_ended(ended->si_pid) && !git_ended(ended->si_pid))
        cycle_child_ended(ended->si_pid, &how);
    restart_for(new_socket);
}

/* Finds the next child that has changed its state in that way. Returns 0 if there is none. */
static int wait_for_child(siginfo_t *child, int options)
{
    memset(child, 0, sizeof *child);
    return waitid(P_ALL, 0, child, options | WNOHANG) == 0 && child->si_pid > 0;
}

/* The end of a child is handled before it is reaped: until then its process ID is not used again,
 * and its process group can be signalled. */
static void reap(void)
{
    siginfo_t child;

    while (wait_for_child(&child, WSTOPPED))
        terminal_child_stopped(child.si_pid, child.si_status);
    while (wait_for_child(&child, WEXITED | WNOWAIT)) {
        child_ended(&child);
        waitpid(child.si_pid, NULL, WNOHANG);
    }
}

/* ---- Signals ---- */

/* Is there a controlling terminal? One that was closed does not count. */
static int has_terminal(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (terminal < 0)
        return errno != ENXIO && errno != EIO; /* too few descriptors, say */
    close(terminal);
    return 1;
}

/* Passes a signal on to the servers. They know what it means. */
static void pass_on(int number)
{
    const struct child *servers[MAX_SERVERS];
    size_t count = servers_all_in(RUNNING, servers);

    if (count == 0)
        count = servers_all_in(STARTING, servers);
    for (size_t i = 0; i < count; i++)
        kill((pid_t)servers[i]->id, number);
    if (count == 0)
        report("there is no server to pass SIG%s on to", signal_name(number));
}

/* Signals the new size to all, as a terminal of their own would if they were in its foreground. */
static void pass_size_on(void)
{
    static const enum state up[] = {RUNNING, STARTING};
    const struct child *servers[MAX_SERVERS];

    outputs_resize();
    for (size_t i = 0; i < 2; i++)
        for (size_t count = servers_all_in(up[i], servers); count-- > 0;)
            kill((pid_t)-servers[count]->id, SIGWINCH);
    if (build_id())
        kill((pid_t)-build_id(), SIGWINCH);
}

static void handle_signal(int number)
{
    switch (number) {
    case SIGCHLD:
        watch_wake(); /* a process that has ended may have written; reap() runs anyway */
        break;
    case SIGUSR1:
    case SIGUSR2:
        pass_on(number);
        break;
    case SIGWINCH:
        pass_size_on();
        break;
    case SIGTSTP:
        terminal_suspend();
        break;
    case SIGCONT:
        terminal_resume();
        break;
    default:
        cycle_end(number);
    }
}

/* All SIGHUPs that have come are one restart. But if the terminal was closed, SIGHUP means the end:
 * nobody is left to see a restart. */
static void handle_signals(int signals, int had_terminal)
{
    unsigned char number;
    int hung_up = 0;

    while (read(signals, &number, 1) == 1) {
        if (number == SIGHUP)
            hung_up = 1;
        else
            handle_signal(number);
    }
    if (!hung_up || cycle_ending())
        return;
    if (had_terminal && !has_terminal()) {
        cycle_end(SIGHUP);
    } else {
        service_status_restart();
        cycle_restart("SIGHUP");
    }
}

/* ---- Clients ---- */

/* --lazy waits for the first client; --accept takes each one. Returns the number of entries. */
static size_t poll_for_clients(struct pollfd *entries, const struct sockets *sockets)
{
    if (cycle_accepts() ? !accept_each_may() : !cycle_waits_for_client())
        return 0;
    for (size_t i = 0; i < sockets->count; i++)
        entries[i] = (struct pollfd){.fd = sockets->list[i].fd, .events = POLLIN};
    return sockets->count;
}

static void look_for_clients(const struct pollfd *entries, size_t count)
{
    int any = 0;

    for (size_t i = 0; i < count; i++)
        any |= entries[i].revents;
    if (any && cycle_accepts())
        accept_each_polled(entries, count);
    else if (any && cycle_waits_for_client())
        cycle_client_came();
}

/* ---- Waiting ---- */

static int timeout_ms(void)
{
    int wait = earlier(earlier(cycle_timeout(), watch_timeout()), outputs_timeout());

    wait = earlier(earlier(wait, terminal_timeout()), service_status_timeout());
    return earlier(earlier(wait, accept_each_timeout()), descriptor_store_timeout());
}

/* Waits for whatever comes first, and handles what needs the entries of poll(2). The rest is looked
 * at after each wait anyway. */
static void wait_for_events(int signals, const struct sockets *sockets)
{
    enum {
        KEYS = 2,
        FIXED,
        GIT = 65,
        ROOM = FIXED + MAX_SERVERS + GIT + MAX_OUTPUT_ENTRIES + MAX_HEALED + MAX_POLLED_SOCKETS +
               MOST_STORED
    };
    struct pollfd entries[ROOM], *for_store;
    const struct child *speakers[MAX_SERVERS];
    size_t count = 0, speaking = servers_speakers(speakers), outputs, healed, clients, stored;

    memset(entries, 0, sizeof entries);
    entries[count++].fd = signals;
    entries[count++].fd = cycle_ending() ? -1 : watch_descriptor();
    entries[count++].fd = terminal_keys();
    for (size_t i = 0; i < speaking; i++)
        entries[count++].fd = speakers[i]->notify->fd;
    for (size_t i = 0; i < count; i++)
        entries[i].events = POLLIN;
    count += git_poll(entries + count, GIT);
    outputs = outputs_poll(entries + count);
    healed = cycle_ending() ? 0 : heal_poll(entries + count + outputs);
    clients = poll_for_clients(entries + count + outputs + healed, sockets);
    for_store = entries + count + outputs + healed + clients;
    stored = descriptor_store_poll(for_store);
    if (poll(entries, (nfds_t)(for_store + stored - entries), timeout_ms()) < 0 && errno != EINTR)
        die(EXIT_CANNOT_OPEN, "cannot wait for events: %s", strerror(errno));
    descriptor_store_polled(for_store, stored);
    outputs_copy(entries + count);
    if (entries[KEYS].revents)
        terminal_read_keys();
    look_for_clients(entries + count + outputs + healed, clients);
    restart_for(heal_polled(entries + count + outputs, healed));
}

static void look_after_connections(void)
{
    static int told; /* the processes were told to end */

    if (cycle_ends_at_once())
        accept_each_kill();
    else if (cycle_ending() && !told)
        accept_each_stop();
    told = cycle_ending();
    accept_each_look();
}

/* After a signal, dies of the same signal, so that a shell or make that waits sees which it was,
 * but without the core file that QUIT leaves. */
static int finish(void)
{
    const struct rlimit none = {0, 0};

    service_status_look();
    kill_children();
    outputs_drain();
    writers_finish();
    terminal_restore();
    remove_now();
    if (cycle_ending() > 0) {
        setrlimit(RLIMIT_CORE, &none);
        signal(cycle_ending(), SIG_DFL);
        raise(cycle_ending());
    }
    service_status_end(cycle_exit_status());
    return cycle_exit_status();
}

int supervise(const struct options *options, const struct sockets *sockets)
{
    int signals, had_terminal;

    guardian_start();
    signals = signals_open();
    had_terminal = has_terminal() && !signals_nohup();
#ifdef PR_SET_CHILD_SUBREAPER
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* to reap those whose parents have ended */
#endif
    writers_open();
    live_reload_open(options);
    ignore_setup(options);
    git_open(options);
    if (options->stop_first)
        localhost_check(sockets);
    else
        localhost_hold(sockets);
    watch_open(options);
    heal_open(sockets, options);
    terminal_open(options);
    descriptor_store_open(sockets);
    if (service_manager_is_there() && options->watch.count == 0 && !options->lazy)
        cycle_is_for_service(); /* nothing else would start another server */
    cycle_begin(options, sockets);
    if (options->accept_max)
        accept_each_open(options, sockets);
    while (!cycle_is_over() || accept_each_is_left()) {
        service_status_look();
        descriptor_store_look();
        wait_for_events(signals, sockets);
        handle_signals(signals, had_terminal);
        reap();
        if (!cycle_ending())
            watch_read_due(cycle_changed);
        cycle_look();
        look_after_connections();
    }
    return finish();
}
