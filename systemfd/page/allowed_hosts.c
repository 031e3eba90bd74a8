/* SPDX-License-Identifier: MIT */
#include "allowed_hosts.h"

#include "sockets/net.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_NAME = 253 }; /* of DNS (RFC 1035) */

/* Part of a longer text, not ended by NUL. */
struct host {
    const char *text;
    size_t length;
};

/* The host without its port: "[::1]" of "[::1]:80", "example.com" of "example.com.:80". */
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

/* The value of the header with that name, given as "Host:"; NULL if there is none. */
static const char *header_of(const char *request, const char *name)
{
    const char *line = request;
    size_t length = strlen(name);

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, length) == 0)
            return line + length + strspn(line + length, " \t");
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

static int is_name_of_this_machine(struct host host)
{
    return is_same(host, "localhost") || ends_in(host, ".localhost") || is_own_name(host);
}

static int is_local(struct host host)
{
    return host.length == 0 || is_name_of_this_machine(host) || is_address(host);
}

enum asked_host asked_host(const char *request, const struct arguments *listed)
{
    const char *header = header_of(request, "Host:");
    struct host host = host_in(header ? header : "");

    if (!strstr(request, "\r\n\r\n"))
        return FOREIGN_HOST; /* cut off, perhaps within the name */
    for (size_t i = 0; header && i < listed->count; i++)
        if (is_same(host, listed->list[i]))
            return LISTED_HOST;
    return is_local(host) ? LOCAL_HOST : FOREIGN_HOST;
}

const char *origin_of(const char *request, size_t *length)
{
    const char *origin = header_of(request, "Origin:");

    *length = origin ? strcspn(origin, " \t\r\n") : 0;
    return origin;
}

/* A website can have any address but these. */
static int is_loopback(struct host host)
{
    return is_same(host, "[::1]") || (is_address(host) && strncmp(host.text, "127.", 4) == 0);
}

/* A page from a file, or in a sandbox, has the origin "null" (RFC 6454), and is foreign. */
int comes_from_foreign_page(const char *request, const struct arguments *listed)
{
    size_t length;
    const char *origin = origin_of(request, &length), *host = origin ? strstr(origin, "://") : NULL;

    if (!origin)
        return 0;
    if (!host || host > origin + length)
        return 1;
    for (size_t i = 0; i < listed->count; i++)
        if (is_same(host_in(host + 3), listed->list[i]))
            return 0;
    return !is_name_of_this_machine(host_in(host + 3)) && !is_loopback(host_in(host + 3));
}
