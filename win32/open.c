/* SPDX-License-Identifier: MIT */
#include "sockets/open.h"

#include "system_error.h"

static int set_option(SOCKET socket, int level, int option, BOOL value)
{
    return setsockopt(socket, level, option, (const char *)&value, sizeof value);
}

/* With SO_EXCLUSIVEADDRUSE, a port stays in use while any connection lives that was accepted there,
 * as long as its peer likes ("Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE", Windows Sockets 2).
 *
 * SO_REUSEADDR does on Windows what SO_REUSEPORT does elsewhere: several processes may bind one
 * port, and any process that sets it can take over a port without SO_EXCLUSIVEADDRUSE. TIME-WAIT
 * needs neither. */
static int set_options(SOCKET socket, const struct spec *spec, const struct options *options)
{
    if (set_option(socket, SOL_SOCKET,
                   options->reuse_port || spec->reuse_port ? SO_REUSEADDR : SO_EXCLUSIVEADDRUSE,
                   TRUE) != 0)
        return -1;
    if (spec->address.ss_family == AF_INET6)
        return set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, !spec->every_host);
    return 0;
}

static SOCKET try_open(const struct spec *spec, const struct options *options)
{
    SOCKET socket = WSASocketW(spec->address.ss_family, spec->type->type, 0, NULL, 0,
                               WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    int error;

    if (socket == INVALID_SOCKET)
        return socket;
    if (set_options(socket, spec, options) == 0 &&
        bind(socket, (const struct sockaddr *)&spec->address, spec->address_size) == 0 &&
        (spec->type->type == SOCK_DGRAM ||
         listen(socket, spec->backlog > 0 ? spec->backlog : options->backlog) == 0))
        return socket;
    error = WSAGetLastError();
    closesocket(socket);
    WSASetLastError(error);
    return INVALID_SOCKET;
}

static void die_for(const struct spec *spec, int error)
{
    if (error == WSAEADDRINUSE)
        die(EXIT_CANNOT_OPEN,
            "cannot open -s %s: the address is in use; stop the other program, or choose another "
            "address (if an earlier server has just ended, wait until its connections have, too)",
            spec->text);
    if (error == WSAEACCES)
        die(EXIT_CANNOT_OPEN,
            "cannot open -s %s: another program has the port for itself, or Windows reserves it "
            "(netsh interface ipv4 show excludedportrange tcp)",
            spec->text);
    die(EXIT_CANNOT_OPEN, "cannot open -s %s: %s", spec->text, system_error((DWORD)error));
}

listenfd_socket open_spec(const struct spec *spec, const struct options *options)
{
    SOCKET socket = try_open(spec, options);
    int error = WSAGetLastError();

    if (socket == INVALID_SOCKET && spec->every_host &&
        (error == WSAEAFNOSUPPORT || error == WSAEADDRNOTAVAIL)) {
        struct spec ipv4 = *spec;
        spec_fall_back_to_ipv4(&ipv4);
        socket = try_open(&ipv4, options);
    }
    if (socket == INVALID_SOCKET)
        die_for(spec, WSAGetLastError());
    return socket;
}
