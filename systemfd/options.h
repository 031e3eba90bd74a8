/* SPDX-License-Identifier: MIT
 * The command line. */
#ifndef SYSTEMFD_OPTIONS_H
#define SYSTEMFD_OPTIONS_H

#include "report.h"

#include <stddef.h>

struct options {
    const char **sockets; /* the arguments of -s, in order */
    size_t socket_count;
    int backlog;
    int no_reuse, reuse_port, no_pid, quiet;
    enum color color;
    char **command; /* ended by NULL */
};

/* Exits by itself for --help, --version and every mistake. */
void options_parse(int argc, char **argv, struct options *options);

#endif
