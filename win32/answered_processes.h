/* SPDX-License-Identifier: MIT
 * The processes that were sent copies of the sockets, by the thread that answers. */
#ifndef SYSTEMFD_ANSWERED_PROCESSES_H
#define SYSTEMFD_ANSWERED_PROCESSES_H

#include "sockets/net.h"

/* That one has been. The last few are remembered. */
void answered_processes_add(DWORD id);

/* One of them that lives, in that job; 0: none. */
DWORD answered_process_in(HANDLE job);

#endif
