/* SPDX-License-Identifier: MIT
 * Included first into systemfd when coverage is measured. By itself, only exit(3) writes the
 * counters. Here they are also written before systemfd ends in other ways, and before it waits, as
 * it may be killed then. */
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
