/* SPDX-License-Identifier: MIT */
#include "page.h"

#include "live_reload.h"
#include "responder.h"

#include <string.h>

enum { LOOK_AGAIN_MS = 1000 }; /* if the responder could not be started */

static const char *title; /* NULL: no page is to be shown */
static const struct tail *text;
static int failed;

void page_show(const char *new_title, const struct tail *tail)
{
    title = new_title;
    text = tail;
}

void page_hide(void)
{
    title = NULL;
    failed = 0;
    responder_stop();
}

void page_end(void)
{
    title = NULL;
    failed = 0;
    responder_kill();
}

void page_look_after(const struct sockets *sockets, const struct arguments *hosts)
{
    if (!title || responder_lives())
        return;
    if (!failed)
        live_reload_tell(); /* first, as the page is to have the new version */
    failed = !responder_start(sockets, title, text, hosts);
}

int page_timeout(void)
{
    return failed ? LOOK_AGAIN_MS : -1;
}

int page_is_there(void)
{
    return responder_lives();
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
