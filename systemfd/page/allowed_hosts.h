/* SPDX-License-Identifier: MIT
 * A website may let its own name stand for 127.0.0.1 (DNS rebinding), and read in its visitor's
 * browser what is answered there. The browser says for which name it asks. */
#ifndef SYSTEMFD_ALLOWED_HOSTS_H
#define SYSTEMFD_ALLOWED_HOSTS_H

/* Is this HTTP request for a name that anybody may have registered? Not for an address, a name
 * without a dot, or one below localhost, local, test (RFC 6761, 6762) or internal. A request that
 * does not say it (HTTP/1.0) is no browser's; but one that is cut may have said anything. */
int asks_foreign_host(const char *request);

#endif
