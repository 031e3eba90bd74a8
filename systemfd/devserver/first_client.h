/* SPDX-License-Identifier: MIT
 * --lazy: waiting for the client that starts the server. */
#ifndef SYSTEMFD_FIRST_CLIENT_H
#define SYSTEMFD_FIRST_CLIENT_H

#include "sockets/sockets.h"

/* Waits for a client from now on. */
void first_client_wait(void);

/* The same, when a server has ended that lived for life_ms milliseconds. If it and many before it
 * ended soon and left a client waiting, there is a pause first. */
void first_client_wait_after(long long life_ms, const struct sockets *sockets);

/* Stops waiting. */
void first_client_forget(void);

/* Is a client waited for? */
int first_client_is_awaited(void);

/* The same, but 0 during the pause. */
int first_client_may_come(void);

/* Milliseconds until the pause ends; -1: there is none. */
int first_client_timeout(void);

#endif
