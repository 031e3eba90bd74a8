/* SPDX-License-Identifier: MIT */
#include "devserver/supervise.h"

#include "clock.h"
#include "devserver/cycle.h"
#include "events.h"
#include "serve_sockets.h"
#include "devserver/files.h"
#include "devserver/ignore.h"
#include "devserver/move_aside.h"
#include "devserver/output.h"
#include "page/live_reload.h"
#include "system_error.h"
#include "directory_changes.h"
#include "devserver/watch.h"

#include <stdio.h>

enum { STATUS_CONTROL_C = (int)0xc000013a }; /* the exit status of a program that Ctrl-C ended */

/* From here on, watched and ignored paths have slashes. */
static void use_slashes(const struct arguments *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        for (char *next = (char *)paths->list[i]; *next != '\0'; next++)
            if (*next == '\\')
                *next = '/';
}

void supervise_check(const struct options *options)
{
    use_slashes(&options->watch);
    use_slashes(&options->ignore);
    for (size_t i = 0; i < options->watch.count; i++)
        if (!file_exists(options->watch.list[i]))
            die(EXIT_CANNOT_OPEN, "cannot watch %s: there is no such file or folder",
                options->watch.list[i]);
}

/* The processes that we start inherit this ("SetErrorMode function"). With a box about a crash or a
 * missing DLL, a server that has failed would seem to live until somebody clicks. The price is that
 * error reporting does not notice crashes, and that no debugger is started. */
static void show_no_error_boxes(void)
{
    SetErrorMode(SetErrorMode(0) | SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
}

/* ---- Ctrl-C ---- */

static void interrupted(struct source *source, DWORD number, int ok)
{
    (void)source;
    (void)number;
    (void)ok;
    cycle_end(1);
}

static struct source interrupts = {interrupted};

/* Runs in a thread of the system. When the console is closed or the user logs off, Windows ends us
 * as soon as this returns. */
static BOOL WINAPI on_console_event(DWORD event)
{
    events_post(&interrupts, event);
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
        Sleep(INFINITE);
    return TRUE;
}

/* ---- Restarts by hand ---- */

static void asked_to_restart(struct source *source, DWORD number, int ok)
{
    (void)source;
    (void)number;
    (void)ok;
    cycle_restart("by hand");
}

static struct source restarts = {asked_to_restart};

static void CALLBACK post_restart(void *unused, BOOLEAN timed_out)
{
    (void)unused;
    (void)timed_out;
    events_post(&restarts, 0);
}

/* Windows has no SIGHUP: setting this event asks for a restart. */
static void open_restart_event(const struct options *options)
{
    char name[64];
    HANDLE event, wait;

    snprintf(name, sizeof name, "systemfd-%lu", GetCurrentProcessId());
    event = CreateEventA(NULL, FALSE, FALSE, name);
    if (!event ||
        !RegisterWaitForSingleObject(&wait, event, post_restart, NULL, INFINITE, WT_EXECUTEDEFAULT))
        die(EXIT_CANNOT_OPEN, "cannot make the event %s: %s", name, system_error(GetLastError()));
    if (options->restart_on_hup)
        report("restarts when the event %s is set", name);
}

/* ---- Waiting ---- */

static void wait_for_events(void)
{
    events_wait(cycle_ending() ? cycle_timeout() : earlier(cycle_timeout(), watch_timeout()));
    if (cycle_ending() || !watch_is_due())
        return;
    directory_changes_look_again();
    watch_read(cycle_changed);
}

int supervise(const struct options *options, const struct sockets *sockets)
{
    show_no_error_boxes();
    serve_sockets(sockets);
    events_open();
    SetConsoleCtrlHandler(on_console_event, TRUE);
    open_restart_event(options);
    directory_changes_open(options);
    live_reload_open(options);
    ignore_setup(options);
    watch_open(options);
    cycle_begin(options, sockets);
    while (!cycle_is_over()) {
        wait_for_events();
        cycle_look();
    }
    outputs_drain();
    move_aside_end(&options->move_aside);
    return cycle_ending() > 0 ? STATUS_CONTROL_C : cycle_exit_status();
}
