/* SPDX-License-Identifier: MIT
 * A small HTTP server. /reload.js is a script for web pages, which reads /events, and reloads its
 * page when an event has a new version. */
#ifndef SYSTEMFD_RELOAD_SERVER_H
#define SYSTEMFD_RELOAD_SERVER_H

#include "listenfd.h"
#include "options.h"

#include <stddef.h>

enum { MAX_RELOAD_LISTENERS = 2 }; /* IPv4, IPv6 */

/* A version of what http clients get, by its number in a run of systemfd. */
struct version {
    long long run, number;
};

/* Writes a version as one word. */
enum { VERSION_SIZE = 40 };
void format_version(char text[VERSION_SIZE], struct version version);

/* Serves until the other end of `wake`, a connected socket, is closed. Each version that comes from
 * there is sent as an event. A page that has version VERSION asks for /reload.js?VERSION. `allowed`
 * are the hosts of --error-page-for. */
void reload_server_run(const listenfd_socket *listeners, size_t count, listenfd_socket wake,
                       struct version version, const struct arguments *allowed);

#endif
