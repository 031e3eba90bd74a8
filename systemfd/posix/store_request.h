/* SPDX-License-Identifier: MIT
 * What a server asks of the descriptor store: FDSTORE=1 or FDSTOREREMOVE=1, with FDNAME= and
 * FDPOLL=0 (sd_pid_notify_with_fds(3)). */
#ifndef SYSTEMFD_STORE_REQUEST_H
#define SYSTEMFD_STORE_REQUEST_H

#include "message.h"

/* Does what the message asks for, if anything. It must be text from a trusted sender. Descriptors
 * that the store takes are removed from the message. */
void store_requested(struct message *message);

#endif
