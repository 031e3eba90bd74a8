/* SPDX-License-Identifier: MIT
 * The counterpart of strerror(3). */
#ifndef SYSTEMFD_SYSTEM_ERROR_H
#define SYSTEMFD_SYSTEM_ERROR_H

#include "sockets/net.h"

/* The text in UTF-8 for an error of GetLastError or WSAGetLastError; valid until the next call. */
const char *system_error(DWORD error);

#endif
