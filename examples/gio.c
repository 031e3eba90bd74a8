/* SPDX-License-Identifier: MIT
 * A server on GLib's main loop: g_socket_new_from_fd makes a GSocket of the passed socket. On
 * SIGTERM it accepts no more, and the loop ends with the last connection.
 *
 *   cc -o gio gio.c $(pkg-config --cflags --libs listenfd gio-2.0)
 *   systemfd -s http::5000 -- ./gio
 *
 * A GSocketService would be shorter, and wrong here: it accepts with a GSocket that waits until a
 * connection comes, and stands still where another process was faster. */
#include "listenfd.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

struct client {
    GSocketConnection *connection;
    gsize length;
    char request[4096];
};

static GMainLoop *loop;
static GSource *listening; /* NULL: it is stopping */
static guint clients;

/* ---- A connection ---- */

static void close_client(struct client *client)
{
    g_io_stream_close(G_IO_STREAM(client->connection), NULL, NULL);
    g_object_unref(client->connection);
    g_free(client);
    clients--;
    if (clients == 0 && !listening)
        g_main_loop_quit(loop);
}

static void on_written(GObject *stream, GAsyncResult *result, gpointer client)
{
    g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, NULL, NULL);
    close_client(client);
}

/* The request is over: its place is the response's now. */
static void answer(struct client *client)
{
    char body[64];

    g_snprintf(body, sizeof body, "hello from process %ld\n", (long)getpid());
    g_snprintf(client->request, sizeof client->request,
               "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
               strlen(body), body);
    g_output_stream_write_all_async(g_io_stream_get_output_stream(G_IO_STREAM(client->connection)),
                                    client->request, strlen(client->request), G_PRIORITY_DEFAULT,
                                    NULL, on_written, client);
}

static void on_read(GObject *stream, GAsyncResult *result, gpointer argument);

/* To the blank line. No room left counts as the end. */
static void read_more(struct client *client)
{
    g_input_stream_read_async(g_io_stream_get_input_stream(G_IO_STREAM(client->connection)),
                              client->request + client->length,
                              sizeof client->request - 1 - client->length, G_PRIORITY_DEFAULT, NULL,
                              on_read, client);
}

static void on_read(GObject *stream, GAsyncResult *result, gpointer argument)
{
    struct client *client = argument;
    gssize got = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, NULL);

    if (got <= 0) {
        close_client(client);
        return;
    }
    client->length += (gsize)got;
    if (strstr(client->request, "\r\n\r\n"))
        answer(client);
    else
        read_more(client);
}

/* ---- The listener ---- */

static gboolean on_connection(GSocket *listener, GIOCondition condition, gpointer unused)
{
    GSocket *peer = g_socket_accept(listener, NULL, NULL);
    struct client *client;

    (void)condition;
    (void)unused;
    if (!peer) /* G_IO_ERROR_WOULD_BLOCK: another process was faster */
        return G_SOURCE_CONTINUE;
    g_socket_set_timeout(peer, PATIENCE_S);
    client = g_new0(struct client, 1);
    client->connection = g_socket_connection_factory_create_connection(peer);
    g_object_unref(peer);
    clients++;
    read_more(client);
    return G_SOURCE_CONTINUE;
}

static gboolean on_stop(gpointer unused)
{
    (void)unused;
    if (listening)
        g_source_destroy(listening);
    listening = NULL;
    if (clients == 0)
        g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static GSocket *open_listener(const char *address)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    GError *error = NULL;
    GSocket *listener = NULL;
    int fd;

    if (listenfd_take_or_bind(passed, 0, address, &fd) < 0) {
        fprintf(stderr, "gio: %s\n", listenfd_message(passed));
    } else {
        listener = g_socket_new_from_fd(fd, &error);
        if (!listener)
            fprintf(stderr, "gio: cannot use the socket: %s\n", error->message);
    }
    listenfd_free(passed);
    return listener;
}

int main(int argc, char **argv)
{
    GSocket *listener = open_listener(argc > 1 ? argv[1] : "127.0.0.1:5000");

    if (!listener)
        return 1;
    g_socket_set_blocking(listener, FALSE); /* else g_socket_accept waits, whatever fd's mode is */
    listening = g_socket_create_source(listener, G_IO_IN, NULL);
    g_source_set_callback(listening, G_SOURCE_FUNC(on_connection), NULL, NULL);
    g_source_attach(listening, NULL);
    g_unix_signal_add(SIGTERM, on_stop, NULL);
    g_unix_signal_add(SIGINT, on_stop, NULL);
    loop = g_main_loop_new(NULL, FALSE);
    g_main_loop_run(loop);
    return 0;
}
