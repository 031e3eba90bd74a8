/* SPDX-License-Identifier: MIT
 * Remembers the processes that the socket server has sent copies of the sockets. */
#ifndef SYSTEMFD_ANSWERED_PROCESSES_H
#define SYSTEMFD_ANSWERED_PROCESSES_H

#include "sockets/net.h"

/* Remembers that process; the last 64 are kept. */
void answered_processes_add(DWORD id);

/* The ID of one that lives and is in that job, or 0. */
DWORD answered_process_in(HANDLE job);

#endif
