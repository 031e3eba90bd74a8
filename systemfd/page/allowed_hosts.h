/* SPDX-License-Identifier: MIT
 * A website may let its own name stand for 127.0.0.1 (DNS rebinding), and read in its visitor's
 * browser what is answered there. The browser says for which host it asks. */
#ifndef SYSTEMFD_ALLOWED_HOSTS_H
#define SYSTEMFD_ALLOWED_HOSTS_H

#include "options.h"

#include <stddef.h>

/* No website has a name of the first kind: localhost, one below it (RFC 6761), an address, or this
 * machine's own. Any other may be anybody's: names without a dot and those below test or internal
 * are whose the network's DNS is, those below local everybody's on it (mDNS). */
enum asked_host { LOCAL_HOST, LISTED_HOST, FOREIGN_HOST };

/* For which host does this HTTP request ask? Listed ones are as --error-page-for takes them. A
 * request that does not say it (HTTP/1.0) is no browser's, and so local; but one that is cut may
 * have said anything. */
enum asked_host asked_host(const char *request, const struct arguments *listed);

/* The origin of the page that asks, "http://localhost:5000", *length bytes long; NULL: the request
 * names none. And is its host a foreign one? */
const char *origin_of(const char *request, size_t *length);
int comes_from_foreign_page(const char *request, const struct arguments *listed);

#endif
