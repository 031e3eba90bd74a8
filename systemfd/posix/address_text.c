/* SPDX-License-Identifier: MIT */
#include "address_text.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

/* "%eth0", or "%2" for an interface without a name: a link-local address is of no use without it.
 * "" for all other addresses. */
static void format_scope(unsigned number, char text[IF_NAMESIZE + 1])
{
    char name[IF_NAMESIZE];

    *text = '\0';
    if (number > 0 && if_indextoname(number, name))
        snprintf(text, IF_NAMESIZE + 1, "%%%s", name);
    else if (number > 0)
        snprintf(text, IF_NAMESIZE + 1, "%%%u", number);
}

static void format_ipv6(const struct sockaddr_in6 *address, char *text, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "", scope[IF_NAMESIZE + 1];

    inet_ntop(AF_INET6, &address->sin6_addr, host, sizeof host);
    format_scope(address->sin6_scope_id, scope);
    snprintf(text, size, "%s%s", host, scope);
}

void format_host(const struct sockaddr_storage *address, char *text, size_t size)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

    *text = '\0';
    if (address->ss_family == AF_INET)
        inet_ntop(AF_INET, &in->sin_addr, text, (socklen_t)size);
    else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], text, (socklen_t)size);
    else if (address->ss_family == AF_INET6)
        format_ipv6(in6, text, size);
}

unsigned port_of_address(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return 0;
}

void format_address(const struct sockaddr_storage *address, char *text, size_t size)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)address;
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE] = "";

    if (address->ss_family == AF_INET) {
        format_host(address, host, sizeof host);
        snprintf(text, size, "%s:%u", host, port_of_address(address));
    } else if (address->ss_family == AF_INET6) {
        format_ipv6((const struct sockaddr_in6 *)address, host, sizeof host);
        snprintf(text, size, "[%s]:%u", host, port_of_address(address));
    } else if (un->sun_path[0] == '\0') {
        snprintf(text, size, "@%.*s", (int)(sizeof un->sun_path - 1), un->sun_path + 1);
    } else {
        snprintf(text, size, "%.*s", (int)sizeof un->sun_path, un->sun_path);
    }
}
