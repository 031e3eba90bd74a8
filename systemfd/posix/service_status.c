/* SPDX-License-Identifier: MIT */
#include "service_status.h"

#include "clock.h"
#include "devserver/build.h"
#include "devserver/cycle.h"
#include "report.h"
#include "service_manager.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What the manager was told last. */
static enum told { STARTS, IS_READY, RELOADS, STOPS } told;
static char told_status[512];
static int asked;          /* a restart was asked for, and RELOADING=1 is still to be sent */
static int untold;         /* something could not be sent, or must follow: try again soon */
static long long alive_at; /* when systemfd itself last sent WATCHDOG=1 */

enum { RETRY_MS = 50 };

/* ---- STATUS= ---- */

/* Appends a part to the text, with "; " in front if it is not the first. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size,
                                                         const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    if (length > 0)
        length += (size_t)snprintf(text + length, size - length, "; ");
    if (length >= size)
        return;
    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

static void append_server(char *text, size_t size, enum state state, const char *does)
{
    const struct child *all[MAX_SERVERS];
    const struct server *server = servers_in(state);
    const char *says = server ? server->readiness.status : "";
    unsigned count = (unsigned)servers_all_in(state, all);
    char others[32] = "";

    if (count > 1)
        snprintf(others, sizeof others, ", one of %u", count);
    if (server)
        append(text, size, "%s %s (process %ld%s)%s%s", server_name(server), does, server->child.id,
               others, *says ? ": " : "", says);
}

/* Is there a failure to tell of? Not while the next try is under way, nor if systemfd was asked to
 * end. */
static int has_failed(void)
{
    return *cycle_failure() && !build_id() && !servers_in(STARTING) && cycle_ending() <= 0;
}

/* Writes, say, "server 3 died before it was ready: exit status 1; server 2 runs (process 4711)". */
static void describe(char *text, size_t size)
{
    *text = '\0';
    if (cycle_ending())
        append(text, size, "stopping");
    else if (build_id())
        append(text, size, "the build runs");
    if (has_failed())
        append(text, size, "%s", cycle_failure());
    append_server(text, size, STARTING, "starts");
    append_server(text, size, RUNNING, "runs");
    if (cycle_is_idle())
        append(text, size, "waiting for a client");
    if (cycle_accepts())
        append(text, size, "accepting connections");
    make_printable(text);
}

/* ---- The state ---- */

static unsigned long long monotonic_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000;
}

static void tell_reload(void)
{
    asked = !service_manager_tell("RELOADING=1\nMONOTONIC_USEC=%llu", monotonic_usec());
    if (!asked)
        told = RELOADS;
    if (asked || !cycle_is_restarting())
        untold = 1; /* the restart may be over by now: READY=1 has to follow */
}

static void tell(enum told what, const char *text)
{
    if (service_manager_tell("%s", text))
        told = what;
    else
        untold = 1;
}

/* With Type=notify-reload, what was sent before the manager's signal does not answer it. */
void service_status_restart(void)
{
    if (told == IS_READY || told == RELOADS)
        tell_reload();
}

/* Are clients served? With --lazy and --accept, they are even before the first one starts a
 * process. */
static int is_up(void)
{
    return servers_in(RUNNING) || cycle_accepts() || cycle_is_idle();
}

static int is_restart_untold(void)
{
    return asked || (told == IS_READY && cycle_is_restarting() && !cycle_starts_for_client());
}

/* READY=1 follows a restart that failed, too: the service is active as long as systemfd runs. */
static void tell_state(void)
{
    if (cycle_ending() && told != STOPS)
        tell(STOPS, "STOPPING=1");
    else if (is_restart_untold())
        tell_reload();
    else if ((told == RELOADS && !cycle_is_restarting()) ||
             (told == STARTS && is_up() && !cycle_is_restarting()))
        tell(IS_READY, "READY=1");
}

/* Comes before the state, so that whoever waited for a reload finds the new status. */
static void tell_status(void)
{
    char text[sizeof told_status];

    describe(text, sizeof text);
    if (strcmp(text, told_status) == 0)
        return;
    if (service_manager_tell("STATUS=%s", text))
        snprintf(told_status, sizeof told_status, "%s", text);
    else
        untold = 1;
}

/* ---- The watchdog ---- */

static long long alive_every_ms(void)
{
    return (long long)(service_manager_watchdog_usec() / 1000 / 2);
}

/* Must systemfd itself send WATCHDOG=1? The manager expects it from the first READY=1 on, and a
 * server that runs must send it. While there is none, nobody else can: because one is built or
 * starts, or because none is needed yet (--lazy, --accept). */
static int is_alive_for_it(void)
{
    return service_manager_watchdog_usec() > 0 && told != STARTS && !servers_in(RUNNING) &&
           (cycle_is_restarting() || cycle_is_idle() || cycle_accepts());
}

static void tell_alive(void)
{
    if (!is_alive_for_it() || now_ms() < alive_at + alive_every_ms())
        return;
    alive_at = now_ms();
    service_manager_tell("WATCHDOG=1");
}

/* ---- */

void service_status_pass_on(const struct server *server, const struct said *said)
{
    if (said->is_broken && server->state != STOPPING)
        service_manager_tell("WATCHDOG=trigger");
    else if (said->alive && server->state != STOPPING)
        service_manager_tell("WATCHDOG=1");
    if (said->extend_ms > 0 && (server->state != STOPPING || cycle_ending()))
        service_manager_tell("EXTEND_TIMEOUT_USEC=%lld", said->extend_ms * 1000);
}

void service_status_look(void)
{
    if (!service_manager_is_there())
        return;
    untold = 0;
    tell_status();
    if (!untold)
        tell_state();
    tell_alive();
}

int service_status_timeout(void)
{
    if (untold)
        return RETRY_MS;
    return service_manager_is_there() && is_alive_for_it() ? until(alive_at + alive_every_ms())
                                                           : -1;
}

void service_status_end(int status)
{
    service_manager_tell("EXIT_STATUS=%d", status);
}
