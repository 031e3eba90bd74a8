/* SPDX-License-Identifier: MIT
 * --live-reload: pages that include our script reload when http clients get something new: a new
 * server is ready, or the error page has changed. */
#ifndef SYSTEMFD_LIVE_RELOAD_H
#define SYSTEMFD_LIVE_RELOAD_H

#include "options.h"

/* With --live-reload, opens its port and reports the address of the script. Exits with a message if
 * that fails. */
void live_reload_open(const struct options *options);

/* To be called when http clients get something new. */
void live_reload_tell(void);

/* The address of the script, for a page of the present version; NULL without --live-reload. Valid
 * until the next call. */
const char *live_reload_script(void);

#endif
