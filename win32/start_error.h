/* SPDX-License-Identifier: MIT
 * Explains why a program does not start. */
#ifndef SYSTEMFD_START_ERROR_H
#define SYSTEMFD_START_ERROR_H

#include "sockets/net.h"

#include <stddef.h>

/* Writes one sentence, and returns the exit status that a shell would have for it: 126 or 127. */
int describe_start_error(const char *command, DWORD error, char *message, size_t size);

/* Is the program not at fault, so that it is worth trying again? After a shortage, always. If the
 * file is in use or refused, for two seconds: a linker or a virus scanner may have it open
 * (ERROR_SHARING_VIOLATION, ERROR_ACCESS_DENIED). */
int may_pass_by(DWORD error);

#endif
