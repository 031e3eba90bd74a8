/* SPDX-License-Identifier: MIT
 * A server on libuv: uv_tcp_open and uv_pipe_open make handles of passed sockets. On SIGTERM it
 * closes the listener, and the loop ends with the last connection.
 *
 *   cc -o libuv libuv.c $(pkg-config --cflags --libs listenfd libuv)
 *   systemfd -s http::5000 -- ./libuv              or -s unix::./hello.sock */
#include "listenfd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { PATIENCE_MS = 10000 };

union stream {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct client {
    union stream peer;
    uv_write_t write;
    size_t length;
    char request[4096], response[160];
};

static union stream listener;
static uv_signal_t sigterm, sigint;
static uv_timer_t limit;

/* ---- A connection ---- */

static void free_client(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_client(struct client *client)
{
    uv_close(&client->peer.handle, free_client);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    close_client(write->data);
}

static void answer(struct client *client)
{
    char body[64];
    uv_buf_t buffer;

    snprintf(body, sizeof body, "hello from process %ld\n", (long)getpid());
    snprintf(client->response, sizeof client->response,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
             body);
    buffer = uv_buf_init(client->response, (unsigned)strlen(client->response));
    client->write.data = client;
    uv_read_stop(&client->peer.stream);
    if (uv_write(&client->write, &client->peer.stream, &buffer, 1, on_written) < 0)
        close_client(client);
}

static void offer_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct client *client = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(client->request + client->length,
                          (unsigned)(sizeof client->request - 1 - client->length));
}

/* To the blank line. The end, an error or no room left (UV_ENOBUFS) are negative. */
static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct client *client = stream->data;

    (void)buffer;
    if (got < 0) {
        close_client(client);
        return;
    }
    client->length += (size_t)got;
    if (strstr(client->request, "\r\n\r\n"))
        answer(client);
}

/* ---- The listener ---- */

static int init_stream(union stream *stream, uv_handle_type type)
{
    return type == UV_NAMED_PIPE ? uv_pipe_init(uv_default_loop(), &stream->pipe, 0)
                                 : uv_tcp_init(uv_default_loop(), &stream->tcp);
}

/* Where another process was faster, libuv sees EAGAIN, and does not call. */
static void on_connection(uv_stream_t *stream, int status)
{
    struct client *client;

    if (status < 0)
        return;
    client = calloc(1, sizeof *client);
    if (!client || init_stream(&client->peer, stream->type) < 0)
        abort(); /* libuv listens no more until this connection is accepted */
    client->peer.handle.data = client;
    if (uv_accept(stream, &client->peer.stream) < 0 ||
        uv_read_start(&client->peer.stream, offer_buffer, on_read) < 0)
        close_client(client);
}

static void give_up(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* uv_close only closes: the launcher's copy goes on listening, and a unix path stays. */
static void on_stop(uv_signal_t *handle, int number)
{
    (void)number;
    uv_close(&listener.handle, NULL);
    uv_close((uv_handle_t *)&sigterm, NULL);
    uv_close((uv_handle_t *)&sigint, NULL);
    uv_timer_init(handle->loop, &limit);
    uv_timer_start(&limit, give_up, PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&limit); /* alone, it does not keep the loop running */
}

/* libuv makes it non-blocking. It also calls listen() again, which only sets the backlog. */
static int open_listener(struct listenfd *passed, const char *address)
{
    int fd, error;

    if (listenfd_take_unix_listener(passed, 0, &fd) == 1) {
        init_stream(&listener, UV_NAMED_PIPE);
        error = uv_pipe_open(&listener.pipe, fd);
    } else if (listenfd_take_or_bind(passed, 0, address, &fd) >= 0) {
        init_stream(&listener, UV_TCP);
        error = uv_tcp_open(&listener.tcp, fd);
    } else {
        fprintf(stderr, "libuv: %s\n", listenfd_message(passed));
        return 0;
    }
    if (error == 0)
        error = uv_listen(&listener.stream, SOMAXCONN, on_connection);
    if (error < 0)
        fprintf(stderr, "libuv: cannot use the socket: %s\n", uv_strerror(error));
    return error == 0;
}

int main(int argc, char **argv)
{
    struct listenfd *passed = listenfd_from_env(0);
    int opened = open_listener(passed, argc > 1 ? argv[1] : "127.0.0.1:5000");

    listenfd_free(passed);
    if (!opened)
        return 1;
    signal(SIGPIPE, SIG_IGN); /* a client that is gone must not end the server */
    uv_signal_init(uv_default_loop(), &sigterm);
    uv_signal_init(uv_default_loop(), &sigint);
    if (uv_signal_start(&sigterm, on_stop, SIGTERM) < 0 ||
        uv_signal_start(&sigint, on_stop, SIGINT) < 0) {
        fprintf(stderr, "libuv: cannot handle signals\n");
        return 1;
    }
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    return 0;
}
