/* SPDX-License-Identifier: MIT
 * A server that opens an address itself, although systemfd or another server has it. */
#ifndef SYSTEMFD_BIND_FAILURE_H
#define SYSTEMFD_BIND_FAILURE_H

#include "page/tail.h"

/* To be called when a server has ended. If the end of its output says that an address is in use,
 * this reports what to do about that. others_run: another server is up. */
void bind_failure_explain(const struct tail *output, int others_run);

#endif
