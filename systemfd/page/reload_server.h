/* SPDX-License-Identifier: MIT
 * A small HTTP server: /reload.js is a script for web pages, which reads /events and loads its page
 * anew when it is told to. */
#ifndef SYSTEMFD_RELOAD_SERVER_H
#define SYSTEMFD_RELOAD_SERVER_H

#include "listenfd.h"
#include "options.h"

#include <stddef.h>

enum { MAX_RELOAD_LISTENERS = 2 }; /* IPv4, IPv6 */

/* What http clients get: the number of it in a run of systemfd. */
struct version {
    long long run, number;
};

/* As a word. */
enum { VERSION_SIZE = 40 };
void format_version(char text[VERSION_SIZE], struct version version);

/* Serves until `wake`, a connected socket, is closed at its other end; each version that comes from
 * there is an event. A page that asks for /reload.js?VERSION says that it is of that one. */
void reload_server_run(const listenfd_socket *listeners, size_t count, listenfd_socket wake,
                       struct version version, const struct arguments *allowed);

#endif
