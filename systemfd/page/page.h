/* SPDX-License-Identifier: MIT
 * What http clients are shown while there is no server. */
#ifndef SYSTEMFD_PAGE_H
#define SYSTEMFD_PAGE_H

#include "options.h"
#include "sockets/sockets.h"
#include "tail.h"

/* From now on, until page_hide; *tail may still grow until the responder has started. */
void page_show(const char *title, const struct tail *tail);
void page_hide(void);

/* At once, and for good. */
void page_end(void);

/* To be called from time to time, after page_timeout milliseconds (-1: never) at the latest. Hosts
 * are those of --error-page-for. */
void page_look_after(const struct sockets *sockets, const struct arguments *hosts);
int page_timeout(void);

/* After page_end: has it not ended yet? */
int page_is_there(void);

#endif
