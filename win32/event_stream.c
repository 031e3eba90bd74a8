/* SPDX-License-Identifier: MIT
 * On Windows a thread serves the event stream. It ends with systemfd. */
#include "page/event_stream.h"

#include "page/reload_server.h"
#include "sockets/net.h"

#include <windows.h>

struct stream {
    listenfd_socket listeners[MAX_RELOAD_LISTENERS], wake;
    size_t count;
    struct version version;
    const struct arguments *hosts;
};

static struct stream stream;
static listenfd_socket teller;

static DWORD WINAPI serve(void *unused)
{
    (void)unused;
    reload_server_run(stream.listeners, stream.count, stream.wake, stream.version, stream.hosts);
    return 0;
}

/* Opens one end on the loopback. A failure shows when the two ends are connected. */
static listenfd_socket open_end(struct sockaddr_in *address)
{
    listenfd_socket end = socket(AF_INET, SOCK_DGRAM, 0);
    int size = sizeof *address;

    ZeroMemory(address, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)bind(end, (struct sockaddr *)address, sizeof *address);
    getsockname(end, (struct sockaddr *)address, &size);
    return end;
}

/* WSAPoll can wait only for sockets, and there is no socketpair(2). So these are two UDP sockets,
 * each connected to the other, which take nothing from any other socket. */
static int open_pair(void)
{
    struct sockaddr_in here, there;

    stream.wake = open_end(&here);
    teller = open_end(&there);
    return connect(stream.wake, (struct sockaddr *)&there, sizeof there) == 0 &&
           connect(teller, (struct sockaddr *)&here, sizeof here) == 0;
}

int event_stream_start(const listenfd_socket *listeners, size_t count, struct version version,
                       const struct arguments *hosts)
{
    HANDLE thread;

    for (size_t i = 0; i < count; i++)
        stream.listeners[i] = listeners[i];
    stream.count = count;
    stream.version = version;
    stream.hosts = hosts;
    if (!open_pair())
        return 0;
    thread = CreateThread(NULL, 0, serve, NULL, 0, NULL);
    if (thread)
        CloseHandle(thread);
    return thread != NULL;
}

void event_stream_tell(struct version version)
{
    send(teller, (const char *)&version, sizeof version, 0);
}

int event_stream_ended(long id)
{
    (void)id;
    return 0;
}
