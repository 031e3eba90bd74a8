/* SPDX-License-Identifier: MIT */
#include "localhost.h"

#include "address_in_use.h"
#include "report.h"
#include "socket_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Makes the spec "[::1]:PORT" for a TCP socket at 127.0.0.1. Returns 0 for all other sockets. */
static int ipv6_of(const struct passed_socket *passed, struct spec *ipv6)
{
    struct sockaddr_in bound;
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)&ipv6->address;
    socklen_t size = sizeof bound;
    static const struct socket_type type = {"tcp6", NULL, "", AF_INET6, SOCK_STREAM};

    memset(&bound, 0, sizeof bound);
    if (!passed->spec || passed->spec->type->type != SOCK_STREAM ||
        passed->spec->address.ss_family != AF_INET ||
        getsockname(passed->fd, (struct sockaddr *)&bound, &size) < 0 ||
        bound.sin_family != AF_INET || bound.sin_addr.s_addr != htonl(INADDR_LOOPBACK))
        return 0;
    memset(ipv6, 0, sizeof *ipv6);
    ipv6->type = &type;
    address->sin6_family = AF_INET6;
    address->sin6_addr = in6addr_loopback;
    address->sin6_port = bound.sin_port;
    ipv6->address_size = sizeof *address;
    return 1;
}

static in_port_t port_of(const struct spec *ipv6)
{
    return ((const struct sockaddr_in6 *)&ipv6->address)->sin6_port;
}

/* Is one of the passed sockets at [::1], or at [::], with that port? */
static int is_passed(const struct sockets *sockets, in_port_t port)
{
    for (size_t i = 0; i < sockets->count; i++) {
        struct sockaddr_in6 bound;
        socklen_t size = sizeof bound;
        memset(&bound, 0, sizeof bound);
        if (getsockname(sockets->list[i].fd, (struct sockaddr *)&bound, &size) == 0 &&
            bound.sin6_family == AF_INET6 && bound.sin6_port == port &&
            (IN6_IS_ADDR_LOOPBACK(&bound.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&bound.sin6_addr)))
            return 1;
    }
    return 0;
}

static void warn(const struct spec *ipv6)
{
    char holder[512];

    describe_address_holder(ipv6, holder, sizeof holder);
    report("warning: browsers that are to ask localhost ask [::1]:%u first, which is in use%s",
           (unsigned)ntohs(port_of(ipv6)), holder);
}

/* Old connections in TIME-WAIT keep the address from being bound, too. They are no reason for a
 * warning. */
static void warn_of_holder(const struct spec *ipv6)
{
    struct socket_owner owner;

    if (find_bound_socket(ipv6, &owner))
        warn(ipv6);
}

/* Returns a descriptor that holds it, or -1: another process has it, which is warned of, or there
 * is no IPv6, and nobody can take it. */
static int hold(const struct spec *ipv6, int shared)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared);
    if (bind(fd, (const struct sockaddr *)&ipv6->address, ipv6->address_size) == 0)
        return fd;
    if (errno == EADDRINUSE)
        warn_of_holder(ipv6);
    close(fd);
    return -1;
}

static void hold_for_good(const struct spec *ipv6)
{
    (void)hold(ipv6, 1);
}

/* Binding asks the kernel about this one port; sock_diag goes through all hash buckets. */
static void hold_for_a_moment(const struct spec *ipv6)
{
    int fd = hold(ipv6, 0);

    if (fd >= 0)
        close(fd);
}

static void for_each(const struct sockets *sockets, void (*act)(const struct spec *))
{
    struct spec ipv6;

    for (size_t i = 0; i < sockets->count; i++)
        if (ipv6_of(&sockets->list[i], &ipv6) && !is_passed(sockets, port_of(&ipv6)))
            act(&ipv6);
}

void localhost_check(const struct sockets *sockets)
{
    for_each(sockets, hold_for_a_moment);
}

void localhost_hold(const struct sockets *sockets)
{
    for_each(sockets, hold_for_good);
}
