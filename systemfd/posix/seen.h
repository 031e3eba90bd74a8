/* SPDX-License-Identifier: MIT
 * Finds out whether a file has been written. That it was open for writing and is closed now does
 * not say so: databases and lock files are opened for writing even to be read. Linux only. */
#ifndef SYSTEMFD_SEEN_H
#define SYSTEMFD_SEEN_H

#include <stdint.h>
#include <time.h>
#include <sys/stat.h>

/* To be called before the first build, which sees all that was written earlier. */
void seen_begin(void);

/* To be called before each look, since the clock may have been set. */
void seen_clock(void);

/* Was the file with that key (of table_key) written since the last call for it, or, at the first
 * call, since seen_begin? Returns 1 also if it may have been. */
int seen_is_written(uint64_t key, const struct stat *status);

/* To be called when the file with that key is gone. */
void seen_forget(uint64_t key);

/* Has the file or folder changed since then, or may it have? */
int seen_since(const struct stat *status, const struct timespec *then);

#endif
