/* SPDX-License-Identifier: MIT */
#ifdef __linux__
#include "seen.h"

#include "devserver/table.h"

#include "report.h"

#include <stdlib.h>

/* The clock of a file system ticks, and all that happens within one tick has the same time stamp.
 * A tick is 4 or 10 ms on most; a second where time stamps have no fraction, and two on FAT. */
enum { TICK_NS = 20 * 1000 * 1000 };
static const long long long_tick_ns = 2100LL * 1000 * 1000;

struct file {
    struct item item;
    ino_t inode;
    long long changed; /* st_ctime: every write sets it, and no program can reset it (inode(7)) */
    int is_settled;    /* that tick was over when the file was looked at: a later write will have
                        * another time stamp */
};

static struct table files;
static long long beginning, now;

static long long nanoseconds(const struct timespec *time)
{
    return (long long)time->tv_sec * 1000000000 + time->tv_nsec;
}

static long long tick(const struct stat *status)
{
    return status->st_ctim.tv_nsec == 0 ? long_tick_ns : TICK_NS;
}

/* If the clock was set back, new time stamps may be earlier than the beginning was. */
void seen_clock(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    now = nanoseconds(&time);
    if (now < beginning)
        beginning = now;
}

void seen_begin(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    beginning = now = nanoseconds(&time);
}

int seen_since(const struct stat *status, const struct timespec *then)
{
    return nanoseconds(&status->st_ctim) + tick(status) >= nanoseconds(then);
}

static struct file *add(uint64_t key)
{
    struct file *file = allocated(calloc(1, sizeof *file));

    table_add(&files, &file->item, key);
    return file;
}

/* The key is a hash of 64 bits. Two files with the same key still differ in their inodes, and would
 * only count too often. */
int seen_is_written(uint64_t key, const struct stat *status)
{
    struct file *file = (struct file *)table_find(&files, key);
    long long changed = nanoseconds(&status->st_ctim);

    if (file && file->is_settled && file->inode == status->st_ino && file->changed == changed)
        return 0;
    if (!file && changed + tick(status) < beginning)
        return 0;
    if (!file)
        file = add(key);
    file->inode = status->st_ino;
    file->changed = changed;
    file->is_settled = changed + tick(status) < now;
    return 1;
}

void seen_forget(uint64_t key)
{
    struct item *item = table_find(&files, key);

    if (item) {
        table_remove(&files, item);
        free(item);
    }
}
#else
typedef int seen_is_for_linux;
#endif
