/* SPDX-License-Identifier: MIT
 * A visit of one HTTP client, until its connection is closed. No call waits: the socket is in
 * non-blocking mode, and the caller polls it. */
#ifndef SYSTEMFD_VISIT_H
#define SYSTEMFD_VISIT_H

#include "answers.h"

enum visit_state { VISIT_ASKS, VISIT_IS_ANSWERED, VISIT_CLOSES };

struct visit {
    listenfd_socket client;
    enum visit_state state;
    long long since, deadline; /* when it began, and when it must be over */
    const struct response *response;
    size_t length; /* of what was read of the request; later, of what was sent of the response */
    char request[16384];
};

/* Begins a visit. The client is closed when it is over. */
void visit_begin(struct visit *visit, listenfd_socket client);

/* What to poll for: POLLIN or POLLOUT. */
short visit_events(const struct visit *visit);

/* For how long to poll at most, in milliseconds. */
int visit_timeout(const struct visit *visit);

/* To be called after poll. Returns 0 when the visit is over. */
int visit_go_on(struct visit *visit, const struct answers *answers);

/* To be called when no more clients are to be answered. One that has begun its request still gets
 * an answer, soon. Any other is closed, and finds the server when it connects again. */
void visit_hurry(struct visit *visit, const struct answers *answers);

/* Closes the client at once. */
void visit_end(struct visit *visit);

#endif
