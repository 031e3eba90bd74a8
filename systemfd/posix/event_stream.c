/* SPDX-License-Identifier: MIT
 * On POSIX a separate process serves the event stream. It is started before any server, so it holds
 * none of their descriptors. */
#include "page/event_stream.h"

#include "page/reload_server.h"
#include "process.h"
#include "report.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static pid_t server;
static int teller = -1;

int event_stream_start(const listenfd_socket *listeners, size_t count, struct version version,
                       const struct arguments *hosts)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return 0;
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    server = fork_child();
    if (server == 0) {
        close(ends[1]);
        reload_server_run(listeners, count, ends[0], version, hosts);
        _exit(0);
    }
    close(ends[0]);
    for (size_t i = 0; i < count; i++)
        close(listeners[i]);
    teller = ends[1];
    return server > 0;
}

/* If the socket is full, enough events wait in it already. */
void event_stream_tell(struct version version)
{
    ssize_t sent = write(teller, &version, sizeof version);

    (void)sent;
}

int event_stream_ended(long id)
{
    if (server == 0 || id != server)
        return 0;
    server = 0;
    report("what serves --live-reload has ended; pages do not reload any more");
    return 1;
}
