/* SPDX-License-Identifier: MIT
 * The counterpart of strerror. */
#ifndef SYSTEMFD_SYSTEM_ERROR_H
#define SYSTEMFD_SYSTEM_ERROR_H

#include "sockets/net.h"

/* Text for what GetLastError or WSAGetLastError said; valid until the next call. */
const char *system_error(DWORD error);

#endif
