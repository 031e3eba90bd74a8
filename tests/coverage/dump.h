/* SPDX-License-Identifier: MIT
 * Included first into systemfd when it is counted. The counters are written by exit(3); here also
 * before it ends in another way, and before it waits: it may be killed then. */
#ifndef DUMP_H
#define DUMP_H

#include <poll.h>
#include <signal.h>
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);

#define write_counters() (__gcov_dump(), __gcov_reset())
#define raise(number) (write_counters(), raise(number))
#define execvp(file, argv) (write_counters(), execvp(file, argv))
#define _exit(status) (write_counters(), _exit(status))
#define poll(entries, count, timeout) (write_counters(), poll(entries, count, timeout))

#endif
