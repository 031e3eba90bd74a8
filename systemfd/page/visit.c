/* SPDX-License-Identifier: MIT */
#include "visit.h"

#include "clock.h"
#include "sockets/net.h"

#include <string.h>

enum {
    PATIENCE_MS = 5000, /* for the whole visit */
    CLOSING_MS = 1000,  /* to read what the client still sends after the answer */
    HURRY_MS = 500,     /* for the rest of a visit that must end soon */
    FRESH_MS = 50       /* for the request of a client that has just connected, likewise */
};

enum progress { WAITS, GOES_ON, IS_OVER };

void visit_begin(struct visit *visit, listenfd_socket client)
{
    visit->client = client;
    visit->state = VISIT_ASKS;
    visit->since = now_ms();
    visit->deadline = visit->since + PATIENCE_MS;
    visit->response = NULL;
    visit->length = 0;
    visit->request[0] = '\0';
}

short visit_events(const struct visit *visit)
{
    return visit->state == VISIT_IS_ANSWERED ? POLLOUT : POLLIN;
}

int visit_timeout(const struct visit *visit)
{
    return until(visit->deadline);
}

static void shorten(struct visit *visit, long long deadline)
{
    if (deadline < visit->deadline)
        visit->deadline = deadline;
}

static void answer(struct visit *visit, const struct answers *answers)
{
    visit->response = answers_choose(answers, visit->client, visit->request);
    visit->state = VISIT_IS_ANSWERED;
    visit->length = 0;
}

/* There is room for what browsers send; what does not fit is not looked at. */
static enum progress read_request(struct visit *visit, const struct answers *answers)
{
    size_t room = sizeof visit->request - 1 - visit->length;
    int got = (int)recv(visit->client, visit->request + visit->length, (transfer_size)room, 0);

    if (got < 0)
        return would_block() ? WAITS : IS_OVER;
    if (got == 0 && visit->length == 0)
        return IS_OVER;
    visit->length += (size_t)got;
    visit->request[visit->length] = '\0';
    if (got > 0 && (size_t)got < room && !strstr(visit->request, "\r\n\r\n"))
        return GOES_ON;
    answer(visit, answers);
    return GOES_ON;
}

static enum progress send_response(struct visit *visit)
{
    const struct response *response = visit->response;
    int sent = (int)send(visit->client, response->text + visit->length,
                         (transfer_size)(response->length - visit->length), 0);

    if (sent < 0)
        return would_block() ? WAITS : IS_OVER;
    visit->length += (size_t)sent;
    if (visit->length == response->length) {
        shutdown(visit->client, SHUT_WR);
        visit->state = VISIT_CLOSES;
        shorten(visit, now_ms() + CLOSING_MS);
    }
    return GOES_ON;
}

/* Closing a socket with unread bytes would reset the connection, and the client would lose our
 * answer. Reads one piece at a time, as a client may send without end. */
static enum progress read_rest(struct visit *visit)
{
    int got = (int)recv(visit->client, visit->request, sizeof visit->request, 0);

    return got > 0 || (got < 0 && would_block()) ? WAITS : IS_OVER;
}

static enum progress step(struct visit *visit, const struct answers *answers)
{
    switch (visit->state) {
    case VISIT_ASKS:
        return read_request(visit, answers);
    case VISIT_IS_ANSWERED:
        return send_response(visit);
    default:
        return read_rest(visit);
    }
}

int visit_go_on(struct visit *visit, const struct answers *answers)
{
    enum progress progress = IS_OVER;

    if (now_ms() < visit->deadline)
        while ((progress = step(visit, answers)) == GOES_ON) {
        }
    if (progress == IS_OVER)
        visit_end(visit);
    return progress != IS_OVER;
}

void visit_hurry(struct visit *visit, const struct answers *answers)
{
    shorten(visit, now_ms() + HURRY_MS);
    if (visit->state == VISIT_ASKS && visit->length > 0)
        answer(visit, answers);
    else if (visit->state == VISIT_ASKS)
        shorten(visit, visit->since + FRESH_MS);
}

void visit_end(struct visit *visit)
{
    close_socket(visit->client);
}
