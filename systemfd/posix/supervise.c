/* SPDX-License-Identifier: MIT */
#include "devserver/supervise.h"

#include "clock.h"
#include "devserver/cycle.h"
#include "devserver/git.h"
#include "devserver/ignore.h"
#include "localhost.h"
#include "remove_at_exit.h"
#include "devserver/output.h"
#include "heal.h"
#include "notify.h"
#include "process.h"
#include "page/responder.h"
#include "devserver/servers.h"
#include "signals.h"
#include "devserver/watch.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

void supervise_check(const struct options *options)
{
    struct stat status;

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

/* One that runs has the old socket. */
static void restart_for(const char *new_socket)
{
    if (new_socket && !no_server_is_up())
        cycle_restart(new_socket);
}

/* Who has ended is told before it is reaped: until then, its number is nobody else's, and what it
 * leaves can be signalled. */
static void reap(void)
{
    const char *new_socket;
    siginfo_t ended;
    struct exit_status how;

    memset(&ended, 0, sizeof ended);
    while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0) {
        describe(&ended, &how);
        new_socket = cycle_ending() ? NULL : heal_after_end();
        if (!responder_ended(ended.si_pid) && !git_ended(ended.si_pid))
            cycle_child_ended(ended.si_pid, &how);
        restart_for(new_socket);
        waitpid(ended.si_pid, NULL, WNOHANG);
        memset(&ended, 0, sizeof ended);
    }
}

/* ---- Signals ---- */

/* A terminal that was closed is none any more. */
static int has_terminal(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (terminal < 0)
        return errno != ENXIO && errno != EIO; /* too few descriptors, say */
    close(terminal);
    return 1;
}

/* All SIGHUPs that have come are one restart. That of a terminal that was closed is none, but
 * the end: nobody is left to see it. */
static void handle_signals(int signals, int had_terminal)
{
    unsigned char number;
    int hung_up = 0;

    while (read(signals, &number, 1) == 1) {
        if (number == SIGCHLD)
            watch_wake(); /* who has ended may have written; reap() looks anyway */
        else if (number == SIGHUP)
            hung_up = 1;
        else
            cycle_end(number);
    }
    if (!hung_up || cycle_ending())
        return;
    if (had_terminal && !has_terminal())
        cycle_end(SIGHUP);
    else
        cycle_restart("SIGHUP");
}

/* ---- Waiting ---- */

/* For whatever comes first; copies output, the rest is looked at in any case. */
static void wait_for_events(int signals)
{
    enum {
        FIXED = 2,
        GIT = 32,
        ROOM = FIXED + MAX_SERVERS + GIT + MAX_OUTPUT_ENTRIES + MAX_HEALED
    };
    struct pollfd entries[ROOM];
    const struct child *speakers[MAX_SERVERS];
    size_t count = 0, speaking = servers_speakers(speakers), outputs, healed;
    int wait;

    memset(entries, 0, sizeof entries);
    entries[count++].fd = signals;
    entries[count++].fd = cycle_ending() ? -1 : watch_descriptor();
    for (size_t i = 0; i < speaking; i++)
        entries[count++].fd = speakers[i]->notify->fd;
    for (size_t i = 0; i < count; i++)
        entries[i].events = POLLIN;
    count += git_poll(entries + count, GIT);
    outputs = outputs_poll(entries + count);
    healed = cycle_ending() ? 0 : heal_poll(entries + count + outputs);
    wait = earlier(earlier(cycle_timeout(), watch_timeout()), outputs_timeout());
    if (poll(entries, (nfds_t)(count + outputs + healed), wait) < 0 && errno != EINTR)
        die(EXIT_CANNOT_OPEN, "cannot wait for events: %s", strerror(errno));
    outputs_copy(entries + count);
    restart_for(heal_polled(entries + count + outputs, healed));
}

/* Dies of the signal itself, so that a shell or make that waits sees what it was. */
static int finish(void)
{
    kill_children();
    outputs_drain();
    writers_finish();
    remove_now();
    if (cycle_ending() > 0) {
        signal(cycle_ending(), SIG_DFL);
        raise(cycle_ending());
    }
    return cycle_exit_status();
}

int supervise(const struct options *options, const struct sockets *sockets)
{
    int signals = signals_open(), had_terminal = has_terminal() && !signals_nohup();

#ifdef PR_SET_CHILD_SUBREAPER
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* to reap those whose parents have ended */
#endif
    writers_open();
    ignore_setup(options);
    git_open(options);
    if (options->stop_first)
        localhost_check(sockets);
    else
        localhost_hold(sockets);
    watch_open(options);
    heal_open(sockets, options);
    cycle_begin(options, sockets);
    while (!cycle_is_over()) {
        wait_for_events(signals);
        handle_signals(signals, had_terminal);
        reap();
        if (!cycle_ending())
            watch_read_due(cycle_changed);
        cycle_look();
    }
    return finish();
}
