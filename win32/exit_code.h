/* SPDX-License-Identifier: MIT
 * What an exit code means, in words. */
#ifndef SYSTEMFD_EXIT_CODE_H
#define SYSTEMFD_EXIT_CODE_H

#include "devserver/child.h"
#include "sockets/net.h"

/* Describes an exit status, or the exception that ended the process. */
void describe_exit(DWORD code, struct exit_status *how);

#endif
