/* SPDX-License-Identifier: MIT */
#include "allowed_hosts.h"

#include "sockets/net.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_NAME = 253 }; /* of DNS (RFC 1035) */

/* Not ended by NUL. */
struct host {
    const char *text;
    size_t length;
};

/* "[::1]:80" is the host "[::1]"; "example.com.:80" is "example.com". */
static struct host host_in(const char *text)
{
    struct host host = {text, strcspn(text, " \t\r\n")};
    const char *end = *text == '[' ? memchr(text, ']', host.length) : NULL;

    if (end) {
        host.length = (size_t)(end + 1 - text);
        return host;
    }
    end = memchr(text, ':', host.length);
    if (end)
        host.length = (size_t)(end - text);
    if (host.length > 0 && text[host.length - 1] == '.')
        host.length--;
    return host;
}

/* The value of the Host header; NULL: there is none. */
static const char *host_header(const char *request)
{
    const char *line = request;

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, "Host:", 5) == 0)
            return line + 5 + strspn(line + 5, " \t");
    }
    return NULL;
}

static int is_same(struct host host, const char *name)
{
    struct host other = host_in(name);

    return host.length == other.length && strncasecmp(host.text, other.text, host.length) == 0;
}

static int ends_in(struct host host, const char *end)
{
    size_t length = strlen(end);

    return host.length > length && strncasecmp(host.text + host.length - length, end, length) == 0;
}

static int is_address(struct host host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;

    if (host.length > 0 && *host.text == '[')
        return 1;
    snprintf(text, sizeof text, "%.*s", (int)host.length, host.text);
    return host.length < sizeof text && inet_pton(AF_INET, text, &address) == 1;
}

static int is_own_name(struct host host)
{
    char name[LONGEST_NAME + 1];

    if (gethostname(name, sizeof name) < 0)
        return 0;
    name[sizeof name - 1] = '\0';
    return is_same(host, name) && !ends_in(host, ".local");
}

static int is_local(struct host host)
{
    return host.length == 0 || is_same(host, "localhost") || ends_in(host, ".localhost") ||
           is_address(host) || is_own_name(host);
}

enum asked_host asked_host(const char *request, const struct arguments *listed)
{
    const char *header = host_header(request);
    struct host host = host_in(header ? header : "");

    if (!strstr(request, "\r\n\r\n"))
        return FOREIGN_HOST; /* cut, in the midst of the name perhaps */
    for (size_t i = 0; header && i < listed->count; i++)
        if (is_same(host, listed->list[i]))
            return LISTED_HOST;
    return is_local(host) ? LOCAL_HOST : FOREIGN_HOST;
}
