/* SPDX-License-Identifier: MIT */
#include "allowed_hosts.h"

#include "sockets/net.h"

#include <stddef.h>
#include <string.h>

/* The value of the Host header; NULL: there is none. */
static const char *host_of(const char *request)
{
    const char *line = request;

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, "Host:", 5) == 0)
            return line + 5 + strspn(line + 5, " \t");
    }
    return NULL;
}

/* "www.example.com" has the last label "com"; "www.example.com." too. NULL: there is no dot. */
static const char *last_label(const char *name, size_t *length)
{
    const char *label = NULL;

    if (*length > 0 && name[*length - 1] == '.')
        --*length;
    for (size_t i = 0; i < *length; i++)
        if (name[i] == '.')
            label = name + i + 1;
    *length = label ? (size_t)(name + *length - label) : 0;
    return label;
}

/* One of digits alone is the end of an IPv4 address: there is no such domain. An empty one is
 * not to be relied on. */
static int is_nobodys(const char *label, size_t length)
{
    static const char *const reserved[] = {"localhost", "local", "test", "internal"};

    if (length > 0 && strspn(label, "0123456789") >= length)
        return 1;
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (strlen(reserved[i]) == length && strncasecmp(label, reserved[i], length) == 0)
            return 1;
    return 0;
}

int asks_foreign_host(const char *request)
{
    const char *host = host_of(request), *label;
    size_t length;

    if (!strstr(request, "\r\n\r\n"))
        return 1;              /* cut, in the midst of the name perhaps */
    if (!host || *host == '[') /* IPv6 */
        return 0;
    length = strcspn(host, ": \t\r\n");
    label = last_label(host, &length);
    return label && !is_nobodys(label, length);
}
