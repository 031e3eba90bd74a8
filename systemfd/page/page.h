/* SPDX-License-Identifier: MIT
 * What http clients are shown while there is no server. */
#ifndef SYSTEMFD_PAGE_H
#define SYSTEMFD_PAGE_H

#include "sockets/sockets.h"
#include "tail.h"

/* From now on, until page_hide; *tail may still grow until the responder has started. */
void page_show(const char *title, const struct tail *tail);
void page_hide(void);

/* At once, and for good. */
void page_end(void);

/* To be called from time to time, after page_timeout milliseconds (-1: never) at the latest. */
void page_look_after(const struct sockets *sockets);
int page_timeout(void);

/* Is an answer still in a client's hands? */
int page_is_there(void);

#endif
