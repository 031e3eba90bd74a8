/* SPDX-License-Identifier: MIT
 * The pipe on which a server tells that it is ready (listenfd_notify); PROTOCOL.md specifies it. */
#ifndef SYSTEMFD_NOTIFY_H
#define SYSTEMFD_NOTIFY_H

#include "devserver/said.h"
#include "sockets/net.h"

/* One for each server; for notify_close. NULL: there can be none. */
struct notify *notify_open(void);

/* For NOTIFY_SOCKET. */
const char *notify_name(const struct notify *notify);

/* Whom it is for: the server's job, and the process that was started first, which may have ended
 * when it is asked who has spoken. */
void notify_follow(struct notify *notify, HANDLE job, DWORD leader);

/* Adds what has come since the last call. It counts only from the leader and from processes in the
 * job. */
void notify_read(struct notify *notify, struct said *said);

/* NULL does nothing. */
void notify_close(struct notify *notify);

#endif
