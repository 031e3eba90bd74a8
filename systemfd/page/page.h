/* SPDX-License-Identifier: MIT
 * The page that http clients get while there is no server. */
#ifndef SYSTEMFD_PAGE_H
#define SYSTEMFD_PAGE_H

#include "options.h"
#include "sockets/sockets.h"
#include "tail.h"

/* Shows it from now on; *tail may still grow until page_look_after has started the responder. */
void page_show(const char *title, const struct tail *tail);

/* Shows it no longer. Requests that have come are still answered. */
void page_hide(void);

/* For the end of systemfd: hides it at once, and requests that have come get no answer. */
void page_end(void);

/* Starts the responder if the page is to be shown. To be called again within page_timeout
 * milliseconds (-1: no need). `hosts` are those of --error-page-for. */
void page_look_after(const struct sockets *sockets, const struct arguments *hosts);
int page_timeout(void);

/* Is the responder still there, after page_end? */
int page_is_there(void);

#endif
