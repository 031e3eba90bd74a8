/* SPDX-License-Identifier: MIT
 * Serves the clients of live_reload.h beside the rest of systemfd, which never waits for them: in a
 * process on POSIX (posix/event_stream.c), in a thread on Windows (win32/event_stream.c). It ends
 * with systemfd. */
#ifndef SYSTEMFD_EVENT_STREAM_H
#define SYSTEMFD_EVENT_STREAM_H

#include "listenfd.h"
#include "reload_server.h"

#include <stddef.h>

/* Starts it. The listeners belong to it from now on; `hosts` are those of --error-page-for. Returns
 * 0 if it cannot be started. */
int event_stream_start(const listenfd_socket *listeners, size_t count, struct version version,
                       const struct arguments *hosts);

/* Sends the version to every client as an event. */
void event_stream_tell(struct version version);

/* On POSIX, to be called when a process has ended. Returns whether it was the one that serves. */
int event_stream_ended(long id);

#endif
