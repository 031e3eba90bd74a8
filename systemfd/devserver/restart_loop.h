/* SPDX-License-Identifier: MIT
 * A server that writes into what is watched when it starts is restarted for ever. */
#ifndef SYSTEMFD_RESTART_LOOP_H
#define SYSTEMFD_RESTART_LOOP_H

/* Because of this the server is restarted: it changed so many milliseconds after its start. A hint
 * when the same file was it, soon after the start, for some restarts in a row, and again after as
 * many more. */
void restart_loop_look(const char *path, long long after_ms);

#endif
