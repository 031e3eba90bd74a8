/* SPDX-License-Identifier: MIT */
#include "reload_server.h"

#include "allowed_hosts.h"
#include "clock.h"
#include "sockets/net.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_CLIENTS = 64,    /* beyond them, the oldest is dropped for the next */
    PATIENCE_MS = 5000,  /* for a request */
    REQUEST_SIZE = 16384 /* browsers send the cookies of all ports of a host */
};

struct client {
    listenfd_socket socket;
    int listens;        /* it waits for events; 0: its request is not complete yet */
    long long deadline; /* for its request */
    size_t length;
    char request[REQUEST_SIZE];
};

static struct client *clients[MAX_CLIENTS]; /* the pool: oldest first, unused ones at the end */
static struct client pool[MAX_CLIENTS];
static size_t client_count;
static char present[VERSION_SIZE]; /* the version that http clients get now */
static long long last_event;
static const struct arguments *hosts; /* of --error-page-for */

/* ---- What is sent ---- */

/* A page may have been sent before the last event, and its script after it. So the script is told
 * how long ago that event was, in milliseconds: the browser's clock may differ from ours, but not
 * a duration.
 *
 * A hidden page does not listen, as browsers open at most six connections to a host. When it is
 * shown again, it learns whether it is still the newest. */
static const char script[] =
    "(function () {\n"
    "  var script = document.currentScript, events = null;\n"
    "  var seen = script.src.split(\"?\")[1] || \"%s\";\n"
    "  function show(version) {\n"
    "    if (version !== seen) location.reload();\n"
    "    seen = version;\n"
    "  }\n"
    "  function listen() {\n"
    "    if (events) events.close();\n"
    "    events = null;\n"
    "    if (document.hidden) return;\n"
    "    events = new EventSource(new URL(\"/events\", script.src));\n"
    "    events.onmessage = function (event) { show(event.data); };\n"
    "    events.onerror = function () {\n"
    "      if (events.readyState === EventSource.CLOSED && script.onerror) script.onerror();\n"
    "    };\n"
    "  }\n"
    "  var page = performance.getEntriesByType(\"navigation\")[0];\n"
    "  if (page && performance.now() - %ld > page.responseStart) location.reload();\n"
    "  document.addEventListener(\"visibilitychange\", listen);\n"
    "  listen();\n"
    "})();\n";

static const char nothing[] = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
                              "Content-Length: 36\r\nConnection: close\r\n\r\n"
                              "There are only /reload.js, /events.\n";

static const char refusal[] = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n"
                              "Content-Length: 41\r\nConnection: close\r\n\r\n"
                              "This is for pages of this machine alone.\n";

void format_version(char text[VERSION_SIZE], struct version version)
{
    snprintf(text, VERSION_SIZE, "%llx.%llx", (unsigned long long)version.run,
             (unsigned long long)version.number);
}

static void become(struct version version)
{
    format_version(present, version);
    last_event = now_ms();
}

/* A client that reads has room for the whole text in its socket's buffer. Returns 0 for one that
 * does not. */
static int send_text(const struct client *client, const char *text)
{
    size_t length = strlen(text);

    return send(client->socket, text, (transfer_size)length, SEND_FLAGS) == (int)length;
}

static int send_event(const struct client *client)
{
    char text[96];

    snprintf(text, sizeof text, "data: %s\n\n", present);
    return send_text(client, text);
}

static void send_script(const struct client *client)
{
    char body[sizeof script + sizeof present + 24], text[sizeof body + 256];

    snprintf(body, sizeof body, script, present, (long)(now_ms() - last_event));
    snprintf(text, sizeof text,
             "HTTP/1.1 200 OK\r\nContent-Type: text/javascript; charset=utf-8\r\n"
             "Content-Length: %lu\r\nCache-Control: no-store\r\n"
             "Cross-Origin-Resource-Policy: cross-origin\r\nConnection: close\r\n\r\n%s",
             (unsigned long)strlen(body), body);
    send_text(client, text);
}

/* Pages come from other ports, which are other origins (CORS). */
static int begin_events(struct client *client)
{
    char text[512];
    size_t length;
    const char *origin = origin_of(client->request, &length);

    snprintf(text, sizeof text,
             "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
             "Vary: Origin\r\n%s%.*s%s\r\nretry: 500\n",
             origin ? "Access-Control-Allow-Origin: " : "", origin ? (int)length : 0,
             origin ? origin : "", origin ? "\r\n" : "");
    client->listens = 1;
    return send_text(client, text) && send_event(client);
}

/* ---- Clients ---- */

static int asks_for(const char *request, const char *path)
{
    size_t length = strlen(path);

    return strncmp(request, "GET ", 4) == 0 && strncmp(request + 4, path, length) == 0 &&
           (request[4 + length] == ' ' || request[4 + length] == '?');
}

/* Returns 0 when the client is served. */
static int answer(struct client *client)
{
    const char *request = client->request;

    if (asked_host(request, hosts) == FOREIGN_HOST || comes_from_foreign_page(request, hosts))
        send_text(client, refusal);
    else if (asks_for(request, "/events"))
        return begin_events(client);
    else if (asks_for(request, "/reload.js"))
        send_script(client);
    else
        send_text(client, nothing);
    return 0;
}

/* Returns 0 when the client has gone or is served. What it sends after its request is ignored. */
static int read_on(struct client *client)
{
    size_t begin = client->listens ? 0 : client->length;
    int got = (int)recv(client->socket, client->request + begin,
                        (transfer_size)(REQUEST_SIZE - 1 - begin), 0);

    if (got <= 0)
        return 0;
    if (client->listens)
        return 1;
    client->length += (size_t)got;
    client->request[client->length] = '\0';
    if (strstr(client->request, "\r\n\r\n"))
        return answer(client);
    return client->length < REQUEST_SIZE - 1;
}

static void forget(size_t index)
{
    struct client *gone = clients[index];

    close_socket(gone->socket);
    client_count--;
    for (size_t i = index; i < client_count; i++)
        clients[i] = clients[i + 1];
    clients[client_count] = gone; /* unused now */
}

static void receive(listenfd_socket listener)
{
    listenfd_socket socket = accept(listener, NULL, NULL);
    struct client *client;

    if (socket == LISTENFD_INVALID_SOCKET)
        return;
    if (client_count == MAX_CLIENTS)
        forget(0);
    set_nonblocking(socket);
    client = clients[client_count++];
    client->socket = socket;
    client->listens = 0;
    client->length = 0;
    client->deadline = now_ms() + PATIENCE_MS;
}

static void tell_all(struct version version)
{
    become(version);
    for (size_t i = client_count; i-- > 0;)
        if (clients[i]->listens && !send_event(clients[i]))
            forget(i);
}

/* ---- Waiting ---- */

static int timeout(void)
{
    int wait = -1;

    for (size_t i = 0; i < client_count; i++)
        if (!clients[i]->listens)
            wait = earlier(wait, until(clients[i]->deadline));
    return wait;
}

static void look_after(const struct pollfd *entries)
{
    for (size_t i = client_count; i-- > 0;) {
        int is_late = !clients[i]->listens && now_ms() >= clients[i]->deadline;
        if (is_late || (entries[i].revents && !read_on(clients[i])))
            forget(i);
    }
}

/* Returns 0 when systemfd has ended. */
static int read_event(listenfd_socket wake)
{
    struct version version;

    if (recv(wake, (void *)&version, sizeof version, 0) != (int)sizeof version)
        return 0;
    tell_all(version);
    return 1;
}

void reload_server_run(const listenfd_socket *listeners, size_t count, listenfd_socket wake,
                       struct version version, const struct arguments *allowed)
{
    struct pollfd entries[1 + MAX_RELOAD_LISTENERS + MAX_CLIENTS];
    size_t used;

    hosts = allowed;
    become(version);
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        clients[i] = &pool[i];
    do {
        used = 0;
        memset(entries, 0, sizeof entries);
        entries[used++].fd = wake;
        for (size_t i = 0; i < count; i++)
            entries[used++].fd = listeners[i];
        for (size_t i = 0; i < client_count; i++)
            entries[used++].fd = clients[i]->socket;
        for (size_t i = 0; i < used; i++)
            entries[i].events = POLLIN;
        if (poll(entries, (poll_count)used, timeout()) < 0)
            continue;
        look_after(entries + 1 + count);
        for (size_t i = 0; i < count; i++)
            if (entries[1 + i].revents)
                receive(listeners[i]);
    } while (!entries[0].revents || read_event(wake));
}
