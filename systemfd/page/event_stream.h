/* SPDX-License-Identifier: MIT
 * What serves the clients of live_reload.h beside the rest of systemfd, which waits for none of
 * them: on POSIX a process (posix/event_stream.c), on Windows a thread (win32/event_stream.c). It
 * ends with systemfd. */
#ifndef SYSTEMFD_EVENT_STREAM_H
#define SYSTEMFD_EVENT_STREAM_H

#include "listenfd.h"
#include "reload_server.h"

#include <stddef.h>

/* The listeners are its own from now on. Hosts are those of --error-page-for. 0 when it cannot be
 * started. */
int event_stream_start(const listenfd_socket *listeners, size_t count, struct version version,
                       const struct arguments *hosts);

/* An event for every client. */
void event_stream_tell(struct version version);

/* On POSIX: that process has ended. Returns whether it was the one that serves. */
int event_stream_ended(long id);

#endif
