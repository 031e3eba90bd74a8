/* SPDX-License-Identifier: MIT */
#include "first_client.h"

#include "clock.h"
#include "report.h"
#include "sockets/waiting_client.h"

enum {
    SHORT_LIFE_MS = 5000,  /* a server that ends sooner, with a client waiting, is a short life */
    MOST_SHORT_LIVES = 20, /* after more in a row, it seems that servers do not take the client */
    FIRST_PAUSE_MS = 100,  /* before the next server then; each pause is twice the one before */
    LAST_PAUSE_MS = 5000   /* the longest pause */
};

static int is_awaited;
static long long pause_ends;
static unsigned short_lives; /* in a row */
static int next_pause_ms = FIRST_PAUSE_MS;

void first_client_wait(void)
{
    is_awaited = 1;
    pause_ends = 0;
}

/* A server may serve one client and end at once. If the next client comes before that end, it looks
 * as if the server had not taken its client: so only many short lives in a row cause a pause. */
void first_client_wait_after(long long life_ms, const struct sockets *sockets)
{
    first_client_wait();
    if (life_ms >= SHORT_LIFE_MS || !client_is_waiting(sockets)) {
        short_lives = 0;
        next_pause_ms = FIRST_PAUSE_MS;
    } else if (++short_lives > MOST_SHORT_LIVES) {
        report("servers end soon while clients wait; the next one starts in %d ms", next_pause_ms);
        pause_ends = now_ms() + next_pause_ms;
        next_pause_ms = next_pause_ms * 2 < LAST_PAUSE_MS ? next_pause_ms * 2 : LAST_PAUSE_MS;
    }
}

void first_client_forget(void)
{
    is_awaited = 0;
}

int first_client_is_awaited(void)
{
    return is_awaited;
}

int first_client_may_come(void)
{
    return is_awaited && now_ms() >= pause_ends;
}

int first_client_timeout(void)
{
    return is_awaited && now_ms() < pause_ends ? until(pause_ends) : -1;
}
