/* SPDX-License-Identifier: MIT
 * The command line. */
#ifndef SYSTEMFD_OPTIONS_H
#define SYSTEMFD_OPTIONS_H

#include "report.h"

#include <stddef.h>

/* The values of an option that may be given repeatedly, in order. */
struct arguments {
    const char **list;
    size_t count;
};

/* poll_ms: look for changes only where the system does not report them; nowhere; or everywhere at
 * this interval, if --poll gives no other. */
enum { POLL_WHERE_NEEDED = -1, POLL_NEVER = 0, USUAL_POLL_MS = 500 };

/* Sockets with --accept or --lazy; connections at once with --accept. */
enum { MAX_POLLED_SOCKETS = 64, MAX_CONNECTIONS = 256, USUAL_CONNECTIONS = 64 };

/* An option makes sense always, only when systemfd stays to restart the command, only together with
 * --watch, only together with --build, or only where sockets are passed as descriptors. */
enum use { ALWAYS, TO_STAY, TO_WATCH, TO_BUILD, NOT_WINDOWS, USES };

struct options {
    const char *given[USES]; /* the last long option of each; NULL: none */
    struct arguments sockets;
    int backlog;
    int no_reuse, reuse_port, no_pid, quiet;
    enum color color;
    char **command; /* ended by NULL */

    /* How the sockets reach the command. */
    int at_stdin, inetd, placeholders;
    int lazy;
    int accept_max; /* connections at once; 0: the sockets themselves are passed */
    int export_start_server, export_einhorn;

    /* The development server. */
    struct arguments watch, ignore, only, error_page_for, move_aside;
    const char *build, *after; /* shell commands; NULL: none */
    const char *stop_signal;   /* its name or number; NULL: the usual one */
    int delay_ms;              /* -1: not given */
    int settle_ms;             /* -1: not given */
    int stop_timeout_s;
    int workers; /* 0: not given */
    int poll_ms;
    int no_default_ignore, no_gitignore;
    int stop_first, restart_build, restart_on_hup, exit_on_failure, exit_with_server;
    int no_error_page, no_keys, clear;
    int live_reload, live_reload_port;

    int help, version;
};

/* Parses argv, and keeps pointers into it. Exits for --help, --version and every mistake. */
void options_parse(int argc, char **argv, struct options *options);

/* Does systemfd stay, to restart the command? Otherwise it only runs it (command_run). */
int options_supervise(const struct options *options);

#endif
