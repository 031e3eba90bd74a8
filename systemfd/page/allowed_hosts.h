/* SPDX-License-Identifier: MIT
 * A website may let its own name stand for 127.0.0.1 (DNS rebinding), so that its page in a
 * visitor's browser can read what is answered there. The browser says which host it asks for. */
#ifndef SYSTEMFD_ALLOWED_HOSTS_H
#define SYSTEMFD_ALLOWED_HOSTS_H

#include "options.h"

#include <stddef.h>

/* A local host is one that no website can use in this way: localhost, a name below it (RFC 6761),
 * an address, or this machine's own name. A listed one was given with --error-page-for. Any other
 * is foreign, even a name without a dot, or below test or internal: whoever runs the network's DNS
 * can use it. Names below local are anybody's on the network (mDNS). */
enum asked_host { LOCAL_HOST, LISTED_HOST, FOREIGN_HOST };

/* What kind of host does this HTTP request ask for? `listed` are the hosts of --error-page-for. A
 * request that names no host (HTTP/1.0) is not a browser's, and counts as local. One that is cut
 * off counts as foreign, as it may have named any host. */
enum asked_host asked_host(const char *request, const struct arguments *listed);

/* The origin of the page that sent the request, as "http://localhost:5000", *length bytes long;
 * NULL if the request names none. */
const char *origin_of(const char *request, size_t *length);

/* Is the host of that origin foreign? Here an address is, too, unless it is listed or on the
 * loopback. */
int comes_from_foreign_page(const char *request, const struct arguments *listed);

#endif
