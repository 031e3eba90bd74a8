/* SPDX-License-Identifier: MIT
 * One HTTP client that is answered in the server's stead. */
#ifndef SYSTEMFD_ANSWER_H
#define SYSTEMFD_ANSWER_H

#include "error_page.h"
#include "sockets/sockets.h"
#include "tail.h"

#include <stddef.h>

/* What was printed, and what strangers get (allowed_hosts.h). */
struct answers {
    struct response html, plain, withheld_html, withheld_plain;
};

void answers_make(struct answers *answers, const char *title, const struct tail *tail);
void answers_free(struct answers *answers);

/* Those that were opened as http. Returns how many, at most room. */
size_t http_listeners(const struct sockets *sockets, listenfd_socket *listeners, size_t room);

/* Reads the request, answers and closes. Waits for the client, but not for ever. */
void answer_client(listenfd_socket client, const struct answers *answers);

#endif
