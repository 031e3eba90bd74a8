/* SPDX-License-Identifier: MIT
 * The development server: watch, build, start the new server, then stop the old one. */
#ifndef SYSTEMFD_SUPERVISE_H
#define SYSTEMFD_SUPERVISE_H

#include "options.h"
#include "sockets/sockets.h"

/* Exits with a message if a path of --watch does not exist. To be called before anything is
 * opened. */
void supervise_check(const struct options *options);

/* Runs until Ctrl-C or a signal ends it, or an option such as --exit-on-failure does. Returns the
 * exit status; on POSIX, after a signal, it dies of that signal instead. */
int supervise(const struct options *options, const struct sockets *sockets);

#endif
