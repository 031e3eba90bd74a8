/* SPDX-License-Identifier: MIT */
#include "debounce.h"

#include "clock.h"
#include "files.h"
#include "path_table.h"

enum {
    LONE_PAUSE_MS = 2, /* one change comes alone, and may be all */
    BURST_PAUSE_MS = 50,
    LARGE_PAUSE_MS = 500,
    LARGE_BURST = 100,       /* files */
    SAME_BURST_MS = 1000,    /* changes this soon after a restart belong to its burst */
    PAUSES_OF_ONE_FILE = 10, /* a file that is written all the time delays the restart this long, */
    LONGEST_MS = 10000,      /* and ever other files this long */
    MOST_PATHS = 4096        /* are told apart */
};

static int delay;             /* --delay, or -1 */
static long long first, last; /* change; 0: none waits */
static long long last_other;  /* change, of a file that had not changed yet */
static struct table changed;
static int is_gone;       /* the one file that has changed is gone, or empty */
static long long made_at; /* when the last new file was made */
static size_t last_burst; /* how many files the last restart was for */
static long long taken_at;

void debounce_setup(int delay_ms)
{
    delay = delay_ms;
}

static int is_gone_or_empty(const char *path)
{
    struct look look = file_look(path);

    return look.kind == NOTHING || (look.kind == FILE_KIND && look.size == 0);
}

void debounce_add(const char *path, long long when)
{
    if (when > last)
        last = when;
    if (!first)
        first = when;
    if (path && changed.count < MOST_PATHS && !path_table_find(&changed, path)) {
        path_table_add(&changed, path, sizeof(struct path_item));
        last_other = when;
    }
    is_gone = path && changed.count == 1 && is_gone_or_empty(path);
}

void debounce_new_file(void)
{
    made_at = now_ms();
}

long long debounce_began(void)
{
    return first;
}

static long long pause_ms(void)
{
    int same_burst = first - taken_at < SAME_BURST_MS;
    int is_unfinished = is_gone || made_at >= last;

    if (delay >= 0)
        return delay;
    if (changed.count >= LARGE_BURST || (same_burst && last_burst >= LARGE_BURST))
        return LARGE_PAUSE_MS;
    return changed.count > 1 || same_burst || is_unfinished ? BURST_PAUSE_MS : LONE_PAUSE_MS;
}

long long debounce_due_at(void)
{
    long long pause = pause_ms(), one_file = first + PAUSES_OF_ONE_FILE * pause;
    long long limit = later(one_file, last_other + pause);
    long long longest = later(one_file, debounce_deadline());

    limit = limit < longest ? limit : longest;
    return last + pause < limit ? last + pause : limit;
}

long long debounce_deadline(void)
{
    return first + LONGEST_MS;
}

void debounce_take(void)
{
    first = last = 0;
    last_burst = changed.count;
    table_clear(&changed);
    taken_at = now_ms();
}
