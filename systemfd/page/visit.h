/* SPDX-License-Identifier: MIT
 * One HTTP client, from its connection on until that is closed. Nothing waits here: the socket is
 * in non-blocking mode, and the caller polls it. */
#ifndef SYSTEMFD_VISIT_H
#define SYSTEMFD_VISIT_H

#include "answers.h"

enum visit_state { VISIT_ASKS, VISIT_IS_ANSWERED, VISIT_CLOSES };

struct visit {
    listenfd_socket client;
    enum visit_state state;
    long long since, deadline; /* of all of it */
    const struct response *response;
    size_t length; /* of the request; then of what was sent */
    char request[16384];
};

/* The client is closed when the visit is over. */
void visit_begin(struct visit *visit, listenfd_socket client);

/* What to poll for: POLLIN or POLLOUT; and for how long, in milliseconds. */
short visit_events(const struct visit *visit);
int visit_timeout(const struct visit *visit);

/* To be called after that. Returns 0 when it is over. */
int visit_go_on(struct visit *visit, const struct answers *answers);

/* There are to be no answers any more: who has not asked by now gets none, and finds the server
 * when it connects again; the others get theirs, soon. */
void visit_hurry(struct visit *visit, const struct answers *answers);

/* At once. */
void visit_end(struct visit *visit);

#endif
