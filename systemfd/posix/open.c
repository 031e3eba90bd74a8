/* SPDX-License-Identifier: MIT */
#include "sockets/open.h"

#include "address_in_use.h"
#include "remove_at_exit.h"
#include "try_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static int set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* SO_REUSEADDR lets a listener bind while old connections linger in TIME-WAIT. For UDP it
 * would let a second launcher steal the port (socket(7)), so UDP goes without. */
static int set_options(int fd, const struct spec *spec, const struct options *options)
{
    if (spec->type->type == SOCK_STREAM && !options->no_reuse &&
        set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
        return -1;
    if ((options->reuse_port || spec->reuse_port) &&
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0)
        return -1;
    if (spec->every_host || spec->v6only || spec->type->family == AF_INET6)
        return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !spec->every_host);
    return 0;
}

/* Writes the spec in the form that listenfd_take_or_bind reads (listenfd.h). */
static void write_unix_spec(const struct spec *spec, const struct options *options, char *text,
                            size_t size)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&spec->address;
    const char *name = address->sun_path;
    size_t length = (size_t)snprintf(text, size, "%s::", spec->type->name);

    if (*name == '\0') {
        text[length++] = '@';
        name++;
    }
    for (; *name != '\0'; name++) {
        if (*name == ',' || *name == '\\')
            text[length++] = '\\';
        text[length++] = *name;
    }
    text[length] = '\0';
    if (spec->mode >= 0)
        length += (size_t)snprintf(text + length, size - length, ",mode=%o", (unsigned)spec->mode);
    if (spec->type->type != SOCK_DGRAM)
        snprintf(text + length, size - length, ",backlog=%d",
                 spec->backlog > 0 ? spec->backlog : options->backlog);
}

/* The library replaces a dead socket at the path, and lets only one of two launchers win. */
static int open_unix(const struct spec *spec, const struct options *options)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&spec->address;
    char text[2 * sizeof address->sun_path + 64];
    listenfd_socket fd;

    write_unix_spec(spec, options, text, sizeof text);
    if (listenfd_take_or_bind(NULL, LISTENFD_NOT_FOUND, text, &fd) == LISTENFD_BOUND &&
        address->sun_path[0] != '\0')
        remove_at_exit(address->sun_path);
    return fd;
}

static const char *hint(const struct spec *spec, int error)
{
    int is_unix = spec->type->family == AF_UNIX;

    if (error == EACCES && !is_unix)
        return " (ports below 1024 need root, or CAP_NET_BIND_SERVICE)";
    if (error == EADDRNOTAVAIL)
        return " (no network interface of this machine has it)";
    return error == ENOENT && is_unix ? " (its folder must exist)" : "";
}

static void die_for(const struct spec *spec)
{
    char holder[512];

    if (errno == EADDRINUSE) {
        describe_address_holder(spec, holder, sizeof holder);
        die(EXIT_CANNOT_OPEN, "cannot open -s %s: the address is in use%s", spec->text, holder);
    }
    die(EXIT_CANNOT_OPEN, "cannot open -s %s: %s%s", spec->text, strerror(errno),
        hint(spec, errno));
}

static int open_internet(const struct spec *spec, const struct options *options)
{
    int fd = socket(spec->address.ss_family, spec->type->type, 0), saved_errno;

    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (set_options(fd, spec, options) == 0 &&
        bind(fd, (const struct sockaddr *)&spec->address, spec->address_size) == 0 &&
        (spec->type->type == SOCK_DGRAM ||
         listen(fd, spec->backlog > 0 ? spec->backlog : options->backlog) == 0))
        return fd;
    saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return -1;
}

int try_open_spec(const struct spec *spec, const struct options *options)
{
    return spec->type->family == AF_UNIX ? open_unix(spec, options) : open_internet(spec, options);
}

/* For a spec that may use either family: tries the other one when the system lacks the first,
 * altogether or on the loopback. Returns -1 for all other specs. */
static int try_other_family(const struct spec *spec, const struct options *options)
{
    struct spec other = *spec;

    if (!spec->every_host && !spec->localhost)
        return -1;
    if (spec->every_host)
        spec_fall_back_to_ipv4(&other);
    else
        spec_fall_back_to_ipv6(&other);
    return try_open_spec(&other, options);
}

int open_spec(const struct spec *spec, const struct options *options)
{
    int fd = try_open_spec(spec, options), reason = errno;

    if (fd < 0 && (reason == EAFNOSUPPORT || reason == EADDRNOTAVAIL)) {
        fd = try_other_family(spec, options);
        errno = reason;
    }
    if (fd < 0)
        die_for(spec);
    return fd;
}
