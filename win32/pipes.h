/* SPDX-License-Identifier: MIT
 * What builds and servers print, on Windows: copied to where systemfd prints, and the end of
 * it kept. */
#ifndef SYSTEMFD_PIPES_H
#define SYSTEMFD_PIPES_H

#include "page/tail.h"

#include "sockets/net.h"

/* The writing end for a child whose output goes to our own STD_OUTPUT_HANDLE or
 * STD_ERROR_HANDLE; it can be inherited. NULL when it cannot be made. */
HANDLE pipe_open(DWORD target, struct tail *tail);

#endif
