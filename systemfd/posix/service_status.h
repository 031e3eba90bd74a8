/* SPDX-License-Identifier: MIT
 * Tells the service manager how the cycle goes: READY=1, RELOADING=1, STOPPING=1, STATUS=, and what
 * servers say that concerns it. Without a manager, nothing is sent. */
#ifndef SYSTEMFD_SERVICE_STATUS_H
#define SYSTEMFD_SERVICE_STATUS_H

#include "devserver/said.h"
#include "devserver/servers.h"

/* To be called when a restart is asked for, perhaps by the manager itself (Type=notify-reload).
 * Tells the manager that it begins, even if another one is under way. */
void service_status_restart(void);

/* Passes on what concerns the manager of what a server has said. */
void service_status_pass_on(const struct server *server, const struct said *said);

/* Tells the manager what is new. To be called after each event, and again within
 * service_status_timeout milliseconds (-1: no need). */
void service_status_look(void);
int service_status_timeout(void);

/* Tells the manager the exit status with which systemfd ends. */
void service_status_end(int status);

#endif
