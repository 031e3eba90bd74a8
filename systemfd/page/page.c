/* SPDX-License-Identifier: MIT */
#include "page.h"

#include "clock.h"
#include "responder.h"

enum {
    TICK_MS = 50,         /* how often a responder is told to end */
    LOOK_AGAIN_MS = 1000, /* for one that could not be started */
};

static const char *title; /* NULL: there is to be no page */
static const struct tail *text;
static int stopping, failed;

void page_show(const char *new_title, const struct tail *tail)
{
    title = new_title;
    text = tail;
}

void page_hide(void)
{
    title = NULL;
    failed = 0;
    stopping = responder_lives();
    if (stopping)
        responder_stop();
}

void page_end(void)
{
    page_hide();
    responder_kill();
}

/* An earlier page may still be in a slow client's hands. */
void page_look_after(const struct sockets *sockets)
{
    stopping = stopping && responder_lives();
    if (stopping)
        responder_stop();
    else if (title && !responder_lives())
        failed = !responder_start(sockets, title, text);
}

int page_timeout(void)
{
    return stopping ? TICK_MS : failed ? LOOK_AGAIN_MS : -1;
}

int page_is_there(void)
{
    return responder_lives();
}
