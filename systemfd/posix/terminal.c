/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include "devserver/build.h"
#include "devserver/cycle.h"
#include "devserver/servers.h"
#include "report.h"
#include "signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static int terminal = -1; /* a descriptor of it; -1: there is none */
static const struct options *options;
static pid_t owner;                  /* the process that restores the modes at exit */
static int has_keys, takes_each_key; /* reads keys at all; gets each at once, without Enter */
static int announced;
static struct termios modes; /* to restore when takes_each_key ends */
static pid_t borrower;       /* the process group that has the terminal from us, or 0 */
static struct termios lent_modes;
static pid_t waiting; /* the group that gets it when we are in the foreground, or 0 */

enum { LOOK_AGAIN_MS = 1000 };

static int lend(pid_t group);

static int is_foreground(void)
{
    return terminal >= 0 && tcgetpgrp(terminal) == getpgrp();
}

/* ---- Keys ---- */

/* Keeps ISIG, so that Ctrl-C, Ctrl-Z and Ctrl-\ still send signals. */
static void take_each_key(void)
{
    struct termios keys;

    if (takes_each_key || tcgetattr(STDIN_FILENO, &modes) < 0)
        return;
    keys = modes;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    takes_each_key = tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
}

/* If another process group has the terminal now, the modes are its own. */
void terminal_restore(void)
{
    if (takes_each_key && getpid() == owner && is_foreground())
        tcsetattr(STDIN_FILENO, TCSANOW, &modes);
    if (getpid() == owner)
        takes_each_key = 0;
}

static int somebody_may_ask(void)
{
    return build_id() != 0 || terminal_is_for_servers() || cycle_ending();
}

static void announce(void)
{
    if (announced || cycle_ending() || build_id())
        return;
    report(takes_each_key ? "press r to restart, q to end"
                          : "type r and Enter to restart, q and Enter to end");
    announced = 1;
}

/* A shell sends no signal to a running background job that it puts into the foreground, so look
 * again from time to time. */
int terminal_timeout(void)
{
    return (has_keys || waiting) && !borrower && !is_foreground() ? LOOK_AGAIN_MS : -1;
}

int terminal_keys(void)
{
    if (waiting && is_foreground())
        lend(waiting);
    if (!has_keys || !is_foreground())
        return -1;
    if (somebody_may_ask())
        terminal_restore();
    else
        take_each_key();
    announce();
    return STDIN_FILENO;
}

/* Enter makes room on the screen, as in any program that only prints. */
static void handle_key(char key)
{
    if (key == 'r')
        cycle_restart("key r");
    else if (key == 'q' && !cycle_ending())
        cycle_exit(0);
    else if (key == '\n' && takes_each_key)
        report_blank_line();
}

void terminal_read_keys(void)
{
    char keys[64];
    ssize_t count = read(STDIN_FILENO, keys, sizeof keys);

    if (count <= 0)
        has_keys = 0; /* the terminal is gone */
    for (ssize_t i = 0; i < count; i++)
        handle_key(keys[i]);
}

/* If the output goes elsewhere, that may be a pager, which reads the keys itself. */
static int wants_keys(void)
{
    return !options->quiet && !options->no_keys && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
           isatty(STDERR_FILENO);
}

void terminal_open(const struct options *given)
{
    options = given;
    owner = getpid();
    terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    has_keys = terminal >= 0 && wants_keys() && tcgetpgrp(STDIN_FILENO) >= 0 &&
               atexit(terminal_restore) == 0;
}

/* ---- Lending it ---- */

int terminal_is_for_servers(void)
{
    return terminal >= 0 && options->stop_first && options->workers <= 1;
}

/* The terminal can go from one borrower to the next, as only one person types. */
static int can_lend(void)
{
    pid_t foreground = terminal >= 0 ? tcgetpgrp(terminal) : -1;

    return foreground == getpgrp() || (borrower && foreground == borrower);
}

static int lend(pid_t group)
{
    terminal_restore();
    if (!borrower)
        tcgetattr(terminal, &lent_modes);
    if (tcsetpgrp(terminal, group) < 0)
        return 0;
    borrower = group;
    waiting = 0;
    if (group == build_id())
        build_asks();
    kill(-group, SIGCONT);
    return 1;
}

/* Restores the modes, too: the borrower may have been killed while it asked for a password. */
static void take_back(void)
{
    if (tcgetpgrp(terminal) == borrower && tcsetpgrp(terminal, getpgrp()) == 0)
        tcsetattr(terminal, TCSANOW, &lent_modes);
    borrower = 0;
}

static int may_have_it(pid_t leader)
{
    return leader == build_id() || (terminal_is_for_servers() && servers_find(leader));
}

static void handle_request(pid_t leader)
{
    if (!may_have_it(leader)) {
        report("process %ld wants the terminal, and was stopped%s", (long)leader,
               servers_find(leader) ? "; with --stop-first a single server can have it" : "");
    } else if (!can_lend() || !lend(leader)) {
        waiting = leader;
        report("process %ld wants the terminal, and was stopped until systemfd is in the "
               "foreground",
               (long)leader);
    }
}

void terminal_child_stopped(pid_t leader, int number)
{
    if (number == SIGTTIN || number == SIGTTOU) {
        handle_request(leader);
    } else if (number == SIGTSTP && leader == borrower) { /* Ctrl-Z, meant for all */
        take_back();
        waiting = leader;
        signals_stop(0);
        terminal_resume();
    }
}

int terminal_child_ended(pid_t leader)
{
    if (leader == waiting)
        waiting = 0;
    if (leader != borrower || !borrower)
        return 0;
    take_back();
    return 1;
}

/* ---- Ctrl-Z ---- */

void terminal_suspend(void)
{
    terminal_restore();
    signals_stop(getpid());
}

/* A group that waits in vain goes on in the background until it asks again. If takes_each_key is
 * still set, we were stopped by SIGSTOP and could not restore the modes: do so now. */
void terminal_resume(void)
{
    if (waiting && !(can_lend() && lend(waiting)))
        kill(-waiting, SIGCONT);
    waiting = 0;
    if (takes_each_key && is_foreground()) {
        tcsetattr(STDIN_FILENO, TCSANOW, &modes);
        takes_each_key = 0;
    }
}
