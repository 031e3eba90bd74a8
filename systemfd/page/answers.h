/* SPDX-License-Identifier: MIT
 * What an HTTP client is answered in the server's stead: what was printed, or why not that. */
#ifndef SYSTEMFD_ANSWERS_H
#define SYSTEMFD_ANSWERS_H

#include "error_page.h"
#include "listenfd.h"
#include "options.h"
#include "tail.h"

struct answers {
    struct response printed[2], for_its_user[2], for_known_hosts[2]; /* plain text, HTML */
    const struct arguments *hosts;
};

/* Hosts are those of --error-page-for. */
void answers_make(struct answers *answers, const char *title, const struct tail *tail,
                  const struct arguments *hosts);
void answers_free(struct answers *answers);

/* The one for that client with that request. */
const struct response *answers_choose(const struct answers *answers, listenfd_socket client,
                                      const char *request);

#endif
