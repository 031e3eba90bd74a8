/* SPDX-License-Identifier: MIT
 * --live-reload: pages that include a script of ours are loaded anew when what http clients get is
 * another: a new server is ready, or the error page has changed. */
#ifndef SYSTEMFD_LIVE_RELOAD_H
#define SYSTEMFD_LIVE_RELOAD_H

#include "options.h"

/* Opens the port of the options and reports the script's address. Exits with a message when that
 * cannot be. */
void live_reload_open(const struct options *options);

/* What http clients get is another. */
void live_reload_tell(void);

/* The address of the script, for a page of the present version; NULL: there is none. */
const char *live_reload_script(void);

#endif
