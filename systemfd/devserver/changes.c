/* SPDX-License-Identifier: MIT */
#include "changes.h"

#include "content.h"
#include "files.h"
#include "git.h"
#include "path_table.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* What is beyond these is not compared, and so counts. */
enum {
    MOST_FILES = 65536,                  /* that are remembered */
    MOST_READ = 16384,                   /* in one build, */
    MOST_BYTES_READ = 128 * 1024 * 1024, /* with so many bytes in all, */
    LONGEST_FILE = 32 * 1024 * 1024      /* and in one file */
};

/* A file that has changed. */
struct file {
    struct path_item item;
    enum { DECIDED, GIT_IS_ASKED, UNTIL_BUILD_ENDS } waits;
    long long noted;
    int in_build;           /* it was noted in one */
    unsigned noted_in;      /* the number of that build */
    int is_new;             /* that build may have made it: it was not there before */
    struct content content; /* when it was looked at last, without a change since */
    int listed, forgotten;  /* it is among those to be looked at when the build ends; in vain */
    struct file *next;
};

static change_counts *counts;
static struct table files;
static size_t asked;
static struct file *to_look_at; /* when the build ends */
static int building;
static unsigned build_number;
static long long files_left, bytes_left; /* to read in this build */
static char *first, *latest;             /* that counted */
static size_t counted;

static void git_has_answered(const char *path, int ignored);

void changes_setup(change_counts *given)
{
    counts = given;
    git_on_answer(git_has_answered);
}

/* NULL: too many. */
static struct file *find_or_add(const char *path)
{
    struct file *file = path_table_find(&files, path);

    if (!file && files.count < MOST_FILES)
        file = path_table_add(&files, path, sizeof *file);
    return file;
}

static void count(const char *path, long long when, int in_build)
{
    if (!path || !first || strcmp(path, first) != 0) /* one file that was written twice is one */
        counted++;
    if (path && !first) {
        first = strdup(path);
    } else if (path) {
        free(latest);
        latest = strdup(path);
    }
    counts(path, when, in_build);
}

/* ---- What a build writes ---- */

static struct content read_content(const char *path)
{
    struct content content = {0};

    if (files_left <= 0 || bytes_left <= 0)
        return content;
    content = content_read(path, LONGEST_FILE);
    files_left--;
    bytes_left -= content.length;
    return content;
}

static void look_at_end(struct file *file)
{
    if (file->listed)
        return;
    file->listed = 1;
    file->next = to_look_at;
    to_look_at = file;
}

static void wait_for_end(struct file *file)
{
    file->waits = UNTIL_BUILD_ENDS;
    look_at_end(file);
}

static void forget(struct file *file)
{
    if (file->listed)
        file->forgotten = 1;
    else
        path_table_remove(&files, file->item.path);
}

/* It is there or gone for good now. */
static void judge(struct file *file, const struct content *now)
{
    struct content before = file->content;

    if (now->state == ABSENT && file->is_new && before.state != PRESENT) {
        forget(file); /* it came and went */
        return;
    }
    file->content = *now;
    if (now->is_artifact || (before.is_artifact && now->state == ABSENT) ||
        content_is_same(&before, now))
        return;
    count(file->item.path, file->noted, 1);
}

/* What a build makes it may remove again, and what it removes or empties, make again; a program
 * may be half written. */
static void judge_now_or_later(struct file *file)
{
    struct content now;

    if (building && file->is_new) {
        wait_for_end(file);
        return;
    }
    now = read_content(file->item.path);
    if (building && !now.is_text) {
        wait_for_end(file);
        return;
    }
    file->waits = DECIDED;
    judge(file, &now);
}

/* A folder alone is no change. */
static void look_now(struct file *file)
{
    struct content now;

    if (file->forgotten) {
        forget(file);
        return;
    }
    now = read_content(file->item.path);
    if (file->waits == UNTIL_BUILD_ENDS) {
        file->waits = DECIDED;
        judge(file, &now);
    } else if (file->waits == DECIDED && !file->noted) {
        file->content = now;
    }
}

void changes_build_ends(void)
{
    building = 0;
    while (to_look_at) {
        struct file *file = to_look_at;
        to_look_at = file->next;
        file->listed = 0;
        look_now(file);
    }
}

/* What was noted before, this build will see. */
static void forget_undecided(void)
{
    struct item *item = NULL;

    while (asked > 0 && (item = table_after(&files, item)) != NULL) {
        struct file *file = (struct file *)item;
        if (file->waits == GIT_IS_ASKED) {
            file->waits = DECIDED;
            file->content.state = UNKNOWN;
            asked--;
        }
    }
}

void changes_build_begins(void)
{
    forget_undecided();
    if (files.count >= MOST_FILES)
        table_clear(&files);
    building = 1;
    build_number++;
    files_left = MOST_READ;
    bytes_left = MOST_BYTES_READ;
}

/* ---- Changes ---- */

static void not_ignored(struct file *file)
{
    if (file->in_build) {
        judge_now_or_later(file);
        return;
    }
    count(file->item.path, file->noted, 0);
    forget(file);
}

static void git_has_answered(const char *path, int ignored)
{
    struct file *file = path_table_find(&files, path);

    if (!file || file->waits != GIT_IS_ASKED)
        return;
    asked--;
    file->waits = DECIDED;
    if (ignored)
        forget(file);
    else
        not_ignored(file);
}

static void ask_git(struct file *file)
{
    switch (git_ask(file->item.path)) {
    case GIT_IGNORES:
        forget(file);
        break;
    case GIT_COUNTS:
        not_ignored(file);
        break;
    case GIT_ASKED:
        file->waits = GIT_IS_ASKED;
        asked++;
        break;
    }
}

/* Of many changes at once nothing is kept. */
static int is_known_without_asking(const char *path, long long now)
{
    if (building || path_table_find(&files, path))
        return 0;
    switch (git_ask(path)) {
    case GIT_IGNORES:
        return 1;
    case GIT_COUNTS:
        count(path, now, 0);
        return 1;
    default:
        return 0;
    }
}

static void anything_may_have_changed(long long now)
{
    struct item *item = NULL;

    while ((item = table_after(&files, item)) != NULL)
        ((struct file *)item)->content.state = UNKNOWN;
    count(NULL, now, building);
}

void change_is_new_file(const char *path)
{
    struct file *file = building ? find_or_add(path) : NULL;

    if (!file || file->noted_in == build_number)
        return;
    file->is_new = file->content.state != PRESENT;
    file->noted_in = build_number;
    file->noted = 0;
    look_at_end(file);
}

static void note(struct file *file, long long now)
{
    file->noted = now;
    file->forgotten = 0;
    file->in_build = building;
    if (file->noted_in != build_number)
        file->is_new = 0;
    file->noted_in = build_number;
    if (file->waits == DECIDED)
        ask_git(file);
    else if (file->waits == UNTIL_BUILD_ENDS)
        judge_now_or_later(file);
}

static int is_named(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash ? slash + 1 : path, name) == 0;
}

void change_noted(const char *path, long long now)
{
    struct file *file;

    if (!path) {
        anything_may_have_changed(now);
        return;
    }
    if (is_named(path, ".gitignore"))
        git_rules_have_changed();
    if (file_is_own_output(path) || is_known_without_asking(path, now))
        return;
    file = find_or_add(path);
    if (file)
        note(file, now);
    else
        count(path, now, building);
}

int changes_undecided(void)
{
    return asked > 0;
}

void changes_look(void)
{
    git_look();
}

int changes_timeout(void)
{
    return git_timeout();
}

const char *changes_first(size_t *number)
{
    *number = counted;
    return first && latest && !file_exists(first) ? latest
                                                  : first; /* not a save's temporary file */
}

void changes_clear(void)
{
    free(first);
    free(latest);
    first = latest = NULL;
    counted = 0;
}
