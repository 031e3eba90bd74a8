/* SPDX-License-Identifier: MIT */
#include "answers.h"

#include "allowed_hosts.h"
#include "peer.h"

#include <stdlib.h>
#include <string.h>

static const char for_its_user[] =
    "What was printed is in the terminal. As it may hold secrets, it is shown here only to the "
    "user\n"
    "who runs systemfd, on the same machine. You are another user or on another machine, or the\n"
    "system does not say who you are.\n"
    "\n"
    "To show it to everybody who asks for a host, start systemfd with --error-page-for HOST: the\n"
    "name or address that stands in the browser's address bar.\n";

static const char for_known_hosts[] =
    "What was printed is in the terminal. It is shown here to who asks for localhost, for an\n"
    "address or for this machine's own name. Any other name may be a website's that lets it stand\n"
    "for this machine, to read what is shown here (DNS rebinding).\n"
    "\n"
    "To show it to everybody who asks for this name, start systemfd with --error-page-for and "
    "it.\n";

static void make(struct response responses[2], const char *title, const char *text, size_t length)
{
    for (int html = 0; html <= 1; html++)
        responses[html] = error_page(title, text, length, html);
}

void answers_make(struct answers *answers, const char *title, const struct tail *tail,
                  const struct arguments *hosts)
{
    make(answers->printed, title, tail->text, tail->length);
    make(answers->for_its_user, title, for_its_user, strlen(for_its_user));
    make(answers->for_known_hosts, title, for_known_hosts, strlen(for_known_hosts));
    answers->hosts = hosts;
}

void answers_free(struct answers *answers)
{
    for (int html = 0; html <= 1; html++) {
        free(answers->printed[html].text);
        free(answers->for_its_user[html].text);
        free(answers->for_known_hosts[html].text);
    }
}

/* Browsers ask for text/html; curl and most other programs take anything. */
const struct response *answers_choose(const struct answers *answers, listenfd_socket client,
                                      const char *request)
{
    int html = strstr(request, "text/html") != NULL;

    switch (asked_host(request, answers->hosts)) {
    case LISTED_HOST:
        return &answers->printed[html];
    case LOCAL_HOST:
        return peer_is_same_user(client) ? &answers->printed[html] : &answers->for_its_user[html];
    default:
        return &answers->for_known_hosts[html];
    }
}
