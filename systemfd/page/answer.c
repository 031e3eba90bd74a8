/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include "clock.h"
#include "sockets/net.h"
#include "allowed_hosts.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 5000, REQUEST_SIZE = 16384 };

static const char withheld[] =
    "What was printed is in the terminal. It is shown here to who asks for localhost, for an\n"
    "address, or for a name that nobody can register: one without a dot, or below .localhost,\n"
    ".local, .test or .internal. Any other may be a website's that lets it stand for this "
    "machine.\n";

void answers_make(struct answers *answers, const char *title, const struct tail *tail)
{
    answers->html = error_page(title, tail->text, tail->length, 1);
    answers->plain = error_page(title, tail->text, tail->length, 0);
    answers->withheld_html = error_page(title, withheld, strlen(withheld), 1);
    answers->withheld_plain = error_page(title, withheld, strlen(withheld), 0);
}

void answers_free(struct answers *answers)
{
    free(answers->html.text);
    free(answers->plain.text);
    free(answers->withheld_html.text);
    free(answers->withheld_plain.text);
}

size_t http_listeners(const struct sockets *sockets, listenfd_socket *listeners, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < sockets->count && count < room; i++) {
        const struct spec *spec = sockets->list[i].spec;
        if (spec && spec->type->scheme && strcmp(spec->type->scheme, "http") == 0)
            listeners[count++] = sockets->list[i].fd;
    }
    return count;
}

/* Of each call. All of them together end at the deadline. */
static void set_patience(listenfd_socket client)
{
#ifdef _WIN32
    const DWORD limit = PATIENCE_MS;
#else
    const struct timeval limit = {PATIENCE_MS / 1000, 0};
#endif
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, (const void *)&limit, sizeof limit);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, (const void *)&limit, sizeof limit);
}

static void read_request(listenfd_socket client, char *request, long long deadline)
{
    size_t length = 0;

    *request = '\0';
    while (length < REQUEST_SIZE - 1 && !strstr(request, "\r\n\r\n") && now_ms() < deadline) {
        int got =
            (int)recv(client, request + length, (transfer_size)(REQUEST_SIZE - 1 - length), 0);
        if (got <= 0)
            return;
        length += (size_t)got;
        request[length] = '\0';
    }
}

static void write_response(listenfd_socket client, const struct response *response,
                           long long deadline)
{
    const char *text = response->text;
    size_t length = response->length;

    while (length > 0 && now_ms() < deadline) {
        int sent = (int)send(client, text, (transfer_size)length, 0);
        if (sent <= 0)
            return;
        text += sent;
        length -= (size_t)sent;
    }
}

/* Closing with bytes unread would reset the connection, and with it our answer. */
static void close_gently(listenfd_socket client, long long deadline)
{
    char rest[4096];

    shutdown(client, SHUT_WR);
    for (int i = 0; i < 256 && now_ms() < deadline; i++)
        if (recv(client, rest, sizeof rest, 0) <= 0)
            break;
    close_socket(client);
}

/* Browsers ask for HTML by name; curl and most programs take anything. */
static const struct response *choose(const char *request, const struct answers *answers)
{
    int html = strstr(request, "text/html") != NULL;

    if (asks_foreign_host(request))
        return html ? &answers->withheld_html : &answers->withheld_plain;
    return html ? &answers->html : &answers->plain;
}

void answer_client(listenfd_socket client, const struct answers *answers)
{
    long long deadline = now_ms() + PATIENCE_MS;
    char request[REQUEST_SIZE];

    set_patience(client);
    read_request(client, request, deadline);
    write_response(client, choose(request, answers), deadline);
    close_gently(client, deadline);
}
