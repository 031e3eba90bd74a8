/* SPDX-License-Identifier: MIT
 * The output of builds and servers on Windows: it is copied to systemfd's own streams, and the end
 * of it is kept. */
#ifndef SYSTEMFD_PIPES_H
#define SYSTEMFD_PIPES_H

#include "page/tail.h"

#include "sockets/net.h"

/* Makes a pipe for a child whose output goes to our own STD_OUTPUT_HANDLE or STD_ERROR_HANDLE.
 * Returns the writing end, which can be inherited and is for CloseHandle; NULL on failure. */
HANDLE pipe_open(DWORD target, struct tail *tail);

#endif
