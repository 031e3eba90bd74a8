/* SPDX-License-Identifier: MIT
 * The development server: watch, build, start the new server, then stop the old one. */
#ifndef SYSTEMFD_SUPERVISE_H
#define SYSTEMFD_SUPERVISE_H

#include "options.h"
#include "sockets/sockets.h"

/* Exits with a message when an option makes no sense; to be called before anything is opened. */
void supervise_check(const struct options *options);

/* Runs until Ctrl-C or SIGTERM; returns the exit status. */
int supervise(const struct options *options, const struct sockets *sockets);

#endif
