/* SPDX-License-Identifier: MIT */
#include "restart_loop.h"

#include "path_table.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

enum {
    /* Fewer restarts in a row may come from a person who saves often. */
    PATIENT_STARTS = 5,        /* starts because of the same file */
    PATIENT_OTHER_STARTS = 60, /* starts because of any file */
    PATIENT_BUILDS = 2,

    FIRST_WAIT_MS = 1000, /* each further wait is twice the one before */
    LAST_WAIT_MS = 30000, /* the longest wait */
    MOST_PATHS = 256      /* the most paths remembered */
};

/* Builds and starts in a row; same_starts are those because of the same file. */
static unsigned builds, starts, same_starts;

/* Since the last restart: */
static int fed;         /* a file has changed during a build */
static int soon, again; /* one did soon after a start; the same one after two starts in a row */
static int calm;        /* a person is at work: there was another change, or a restart by hand */
static int said;
static char file[512];           /* one of those files, for the report */
static struct table now, before; /* files that changed soon after this start; the last one */

static void remember(const char *path)
{
    if (now.count < MOST_PATHS && !path_table_find(&now, path))
        path_table_add(&now, path, sizeof(struct path_item));
}

void restart_loop_build_changed(const char *path)
{
    if (path && !fed)
        snprintf(file, sizeof file, "%s", path);
    fed = 1;
}

void restart_loop_changed(const char *path, int soon_after_start)
{
    builds = 0;
    if (!path || !soon_after_start) {
        calm = 1;
        return;
    }
    if (!soon || (!again && path_table_find(&before, path)))
        snprintf(file, sizeof file, "%s", path);
    soon = 1;
    again |= path_table_find(&before, path) != NULL;
    remember(path);
}

/* ---- Waiting ---- */

static unsigned builds_in_row(void)
{
    return fed && !soon && !calm ? builds + 1 : 0;
}

static unsigned starts_in_row(void)
{
    return soon && !calm ? starts + 1 : 0;
}

static unsigned same_starts_in_row(void)
{
    return !soon || calm ? 0 : again ? same_starts + 1 : 1;
}

static int wait_after(unsigned times, unsigned patient)
{
    int wait = FIRST_WAIT_MS;

    if (times < patient)
        return 0;
    while (times-- > patient && wait < LAST_WAIT_MS)
        wait *= 2;
    return wait < LAST_WAIT_MS ? wait : LAST_WAIT_MS;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int wait_of_builds(void)
{
    return wait_after(builds_in_row(), PATIENT_BUILDS);
}

static int wait_of_starts(void)
{
    int same = wait_after(same_starts_in_row(), PATIENT_STARTS);

    return same > 0 ? same : wait_after(starts_in_row(), PATIENT_OTHER_STARTS);
}

/* At most one of the two is above 0. */
int restart_loop_wait(void)
{
    return wait_of_builds() + wait_of_starts();
}

void restart_loop_tell(void)
{
    if (said)
        return;
    said = 1;
    if (wait_of_builds() > 0)
        report("hint: %s changes during each build; the next one waits %d s; if the build writes "
               "it: --ignore '%s'",
               file, wait_of_builds() / 1000, name_of(file));
    else
        report("hint: %s changes soon after each start; the next one waits %d s; if the server "
               "writes it: --ignore '%s'",
               file, wait_of_starts() / 1000, name_of(file));
}

unsigned restart_loop_builds(void)
{
    return builds;
}

/* ---- Restarting ---- */

void restart_loop_restarts(void)
{
    struct table last = before;

    builds = builds_in_row();
    starts = starts_in_row();
    same_starts = same_starts_in_row();
    before = now;
    now = last;
    table_clear(&now);
    fed = soon = again = calm = said = 0;
}

void restart_loop_ends(void)
{
    calm = 1;
    restart_loop_restarts();
}
