/* SPDX-License-Identifier: MIT
 * An HTTP server on libevent: evhttp_accept_socket_with_handle takes the passed socket. On SIGTERM
 * it gives the listener up, and the loop ends with the last connection.
 *
 *   cc -o libevent libevent.c $(pkg-config --cflags --libs listenfd libevent)
 *   systemfd -s http::5000 -- ./libevent */
#include "listenfd.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

struct server {
    struct event_base *base;
    struct evhttp *http;
    struct evhttp_bound_socket *listener;
    struct event *sigterm, *sigint;
};

/* One request per connection: a client that keeps it open would keep the server from ending. */
static void answer(struct evhttp_request *request, void *unused)
{
    (void)unused;
    evbuffer_add_printf(evhttp_request_get_output_buffer(request), "hello from process %ld\n",
                        (long)getpid());
    evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
    evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

/* With these three events gone, only those of connections are left; none is the loop's end.
 * evhttp only closes the listener: the launcher's copy goes on listening. */
static void stop(evutil_socket_t number, short events, void *argument)
{
    struct server *server = argument;

    (void)number;
    (void)events;
    evhttp_del_accept_socket(server->http, server->listener);
    event_del(server->sigterm);
    event_del(server->sigint);
}

/* fd must not block: evhttp accepts until EAGAIN, also when another process was faster. */
static int start(struct server *server, int fd)
{
    server->base = event_base_new();
    server->http = evhttp_new(server->base);
    if (!server->http)
        return 0;
    evhttp_set_gencb(server->http, answer, NULL);
    evhttp_set_timeout(server->http, PATIENCE_S);
    server->listener = evhttp_accept_socket_with_handle(server->http, fd);
    server->sigterm = evsignal_new(server->base, SIGTERM, stop, server);
    server->sigint = evsignal_new(server->base, SIGINT, stop, server);
    return server->listener && server->sigterm && server->sigint &&
           event_add(server->sigterm, NULL) == 0 && event_add(server->sigint, NULL) == 0;
}

int main(int argc, char **argv)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    struct server server;
    int fd;

    if (listenfd_take_or_bind(passed, 0, argc > 1 ? argv[1] : "127.0.0.1:5000", &fd) < 0) {
        fprintf(stderr, "libevent: %s\n", listenfd_message(passed));
        return 1;
    }
    listenfd_free(passed);
    signal(SIGPIPE, SIG_IGN); /* a client that is gone must not end the server */
    if (!start(&server, fd)) {
        fprintf(stderr, "libevent: cannot start the HTTP server\n");
        return 1;
    }
    return event_base_dispatch(server.base) < 0;
}
