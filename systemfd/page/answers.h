/* SPDX-License-Identifier: MIT
 * What HTTP clients get while there is no server: what was printed, or why that is not shown. */
#ifndef SYSTEMFD_ANSWERS_H
#define SYSTEMFD_ANSWERS_H

#include "error_page.h"
#include "listenfd.h"
#include "options.h"
#include "tail.h"

struct answers {
    struct response printed[2], for_its_user[2], for_known_hosts[2]; /* as plain text, as HTML */
    const struct arguments *hosts;
};

/* Makes all answers. `hosts` are those of --error-page-for, and are kept. */
void answers_make(struct answers *answers, const char *title, const struct tail *tail,
                  const struct arguments *hosts);
void answers_free(struct answers *answers);

/* The answer to that client's request; valid until answers_free. */
const struct response *answers_choose(const struct answers *answers, listenfd_socket client,
                                      const char *request);

#endif
