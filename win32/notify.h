/* SPDX-License-Identifier: MIT
 * The pipe on which a server says that it is ready (listenfd_notify); PROTOCOL.md specifies it. */
#ifndef SYSTEMFD_NOTIFY_H
#define SYSTEMFD_NOTIFY_H

#include "devserver/said.h"
#include "sockets/net.h"

/* Makes the pipe of one server; for notify_close. NULL on failure. */
struct notify *notify_open(void);

/* The value for NOTIFY_SOCKET. */
const char *notify_name(const struct notify *notify);

/* Names the server that the pipe is for: its job, and its first process, which may have ended
 * before its message is looked at. */
void notify_follow(struct notify *notify, HANDLE job, DWORD leader);

/* Gives what has come since the last call. Only the leader and processes in the job count. */
void notify_read(struct notify *notify, struct said *said);

/* NULL does nothing. */
void notify_close(struct notify *notify);

#endif
