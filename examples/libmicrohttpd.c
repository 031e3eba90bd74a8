/* SPDX-License-Identifier: MIT
 * An HTTP server on GNU libmicrohttpd: MHD_OPTION_LISTEN_SOCKET takes the passed socket. On SIGTERM
 * MHD_quiesce_daemon gives the listener back, and it ends with the last connection.
 *
 *   cc -o libmicrohttpd libmicrohttpd.c $(pkg-config --cflags --libs listenfd libmicrohttpd)
 *   systemfd -s http::5000 -- ./libmicrohttpd
 *
 * The loop is ours, so that nothing can be accepted while we look whether something is left. With
 * a thread of libmicrohttpd's (MHD_USE_INTERNAL_POLLING_THREAD), add MHD_USE_ITC: it wakes the
 * thread up with shutdown() of the listener otherwise, and ends it for the launcher, too. */
#include "listenfd.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

/* One request per connection: a client that keeps it open would keep the server from ending. */
static enum MHD_Result answer(void *unused, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request)
{
    struct MHD_Response *response;
    enum MHD_Result result;
    char body[64];

    (void)unused, (void)url, (void)method, (void)version;
    (void)upload, (void)upload_size, (void)request;
    snprintf(body, sizeof body, "hello from process %ld\n", (long)getpid());
    response = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static unsigned connections(struct MHD_Daemon *daemon)
{
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

static int timeout(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG milliseconds;

    return MHD_get_timeout(daemon, &milliseconds) == MHD_YES ? (int)milliseconds : -1;
}

static int serve(struct MHD_Daemon *daemon, int signals)
{
    struct pollfd ready[] = {{.events = POLLIN}, {.fd = signals, .events = POLLIN}};
    int stopping = 0;

    ready[0].fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    while (!stopping || connections(daemon) > 0) {
        if (poll(ready, 2, timeout(daemon)) < 0 && errno != EINTR) {
            perror("libmicrohttpd: poll");
            return 1;
        }
        if (!stopping && ready[1].revents) {
            close(MHD_quiesce_daemon(daemon));
            ready[1].fd = -1;
            stopping = 1;
        }
        MHD_run(daemon);
    }
    MHD_stop_daemon(daemon);
    return 0;
}

int main(int argc, char **argv)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    struct MHD_Daemon *daemon;
    int listener, signals;
    sigset_t set;

    if (listenfd_take_or_bind(passed, 0, argc > 1 ? argv[1] : "127.0.0.1:5000", &listener) < 0) {
        fprintf(stderr, "libmicrohttpd: %s\n", listenfd_message(passed));
        return 1;
    }
    listenfd_free(passed);

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals = signalfd(-1, &set, SFD_CLOEXEC);
    daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, answer, NULL,
                              MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_TIMEOUT,
                              (unsigned)PATIENCE_S, MHD_OPTION_END);
    if (signals < 0 || !daemon) {
        fprintf(stderr, "libmicrohttpd: cannot start the HTTP server\n");
        return 1;
    }
    return serve(daemon, signals);
}
