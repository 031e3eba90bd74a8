/* SPDX-License-Identifier: MIT
 * Why a program does not start. */
#ifndef SYSTEMFD_START_ERROR_H
#define SYSTEMFD_START_ERROR_H

#include "sockets/net.h"

#include <stddef.h>

/* One sentence, and the exit status that a shell would have for it: 126 or 127. */
int describe_start_error(const char *command, DWORD error, char *message, size_t size);

/* Is it no fault of the program's, so that it is to be tried again? A shortage always is; that
 * a file is in use, or refused, for two seconds: the linker or a virus scanner may have it open
 * (ERROR_SHARING_VIOLATION, ERROR_ACCESS_DENIED). */
int may_pass_by(DWORD error);

#endif
