/* SPDX-License-Identifier: MIT */
#include "live_reload.h"

#include "clock.h"
#include "event_stream.h"
#include "reload_server.h"
#include "sockets/net.h"
#include "sockets/open.h"

#include <stdio.h>
#include <string.h>

enum { BACKLOG = 16 };

static char script[64];
static struct version version;

static int port_of(listenfd_socket socket)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    return getsockname(socket, (struct sockaddr *)&address, &size) == 0 ? ntohs(address.sin_port)
                                                                        : 0;
}

static listenfd_socket open_ipv4(const struct options *options)
{
    char text[64], error[256];
    struct spec spec;

    snprintf(text, sizeof text, "http::127.0.0.1:%d", options->live_reload_port);
    if (!spec_parse(text, &spec, error, sizeof error))
        die(EXIT_USAGE, "--live-reload: %s", error);
    spec.text = options->live_reload_port ? "127.0.0.1 for --live-reload" : text;
    return open_spec(&spec, options);
}

/* May fail, where there is no IPv6: the script is loaded from 127.0.0.1 in any case. */
static listenfd_socket open_ipv6(int port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                                   .sin6_port = htons((in_port_t)port)};
    listenfd_socket fd = socket(AF_INET6, SOCK_STREAM, 0);
    const int on = 1;

    if (fd == LISTENFD_INVALID_SOCKET)
        return fd;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, (const void *)&on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    close_socket(fd);
    return LISTENFD_INVALID_SOCKET;
}

void live_reload_open(const struct options *options)
{
    listenfd_socket listeners[MAX_RELOAD_LISTENERS];
    int port;

    if (!options->live_reload)
        return;
    listeners[0] = open_ipv4(options);
    port = port_of(listeners[0]);
    listeners[1] = open_ipv6(port);
    version.run = now_ms();
    if (!event_stream_start(listeners, listeners[1] == LISTENFD_INVALID_SOCKET ? 1 : 2, version,
                            &options->error_page_for))
        die(EXIT_CANNOT_OPEN, "cannot start what serves --live-reload");
    snprintf(script, sizeof script, "http://127.0.0.1:%d/reload.js", port);
    report("pages reload that have <script src=\"%s\" async></script>", script);
}

void live_reload_tell(void)
{
    version.number++;
    if (*script)
        event_stream_tell(version);
}

const char *live_reload_script(void)
{
    static char address[sizeof script + VERSION_SIZE];
    char text[VERSION_SIZE];

    format_version(text, version);
    snprintf(address, sizeof address, "%s?%s", script, text);
    return *script ? address : NULL;
}
