/* SPDX-License-Identifier: MIT
 * --lazy: the client who is waited for, and starts the server. */
#ifndef SYSTEMFD_FIRST_CLIENT_H
#define SYSTEMFD_FIRST_CLIENT_H

#include "sockets/sockets.h"

/* From now on. */
void first_client_wait(void);

/* The same when a server has ended that lived so long: after a pause, if those before it, too, have
 * ended soon and left a client waiting. */
void first_client_wait_after(long long life_ms, const struct sockets *sockets);

/* No more. */
void first_client_forget(void);

/* Is one waited for; and is the pause over? Its end is in so many milliseconds (-1: there is none).
 */
int first_client_is_awaited(void);
int first_client_may_come(void);
int first_client_timeout(void);

#endif
