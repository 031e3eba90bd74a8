/* SPDX-License-Identifier: MIT
 * Has a file been written that was closed after it had been open for writing? That alone says
 * nothing: databases and lock files are opened so only to be read. Linux only. */
#ifndef SYSTEMFD_SEEN_H
#define SYSTEMFD_SEEN_H

#include <stdint.h>
#include <time.h>
#include <sys/stat.h>

/* What was written before now has been seen by the first build. To be called again before each
 * look, in case that somebody sets the clock. */
void seen_begin(void);
void seen_clock(void);

/* The file's key is a table_key. Whether it was written since the last time, or may have been; and
 * remembers. */
int seen_is_written(uint64_t key, const struct stat *status);

/* It is gone. */
void seen_forget(uint64_t key);

/* Has that changed since then, or may it have? */
int seen_since(const struct stat *status, const struct timespec *then);

#endif
