/* SPDX-License-Identifier: MIT
 * What the service manager is told of the cycle: READY=1, RELOADING=1, STOPPING=1, STATUS=, and
 * what servers want it to know. Nothing is sent where there is no manager. */
#ifndef SYSTEMFD_SERVICE_STATUS_H
#define SYSTEMFD_SERVICE_STATUS_H

#include "devserver/said.h"
#include "devserver/servers.h"

/* Somebody has asked for a restart, perhaps the manager itself (Type=notify-reload): it is told
 * that it begins, whatever else is under way. */
void service_status_restart(void);

/* That server has said this: what concerns the manager is passed on. */
void service_status_pass_on(const struct server *server, const struct said *said);

/* Looks how it stands by now, and tells what is new; to be called after each event, and after
 * service_status_timeout milliseconds (-1: never) at the latest. */
void service_status_look(void);
int service_status_timeout(void);

/* systemfd ends with that exit status. */
void service_status_end(int status);

#endif
