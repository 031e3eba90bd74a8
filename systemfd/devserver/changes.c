/* SPDX-License-Identifier: MIT */
#include "changes.h"

#include "content.h"
#include "files.h"
#include "git.h"
#include "path_table.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* A file beyond these limits is not compared with what it was, and so it counts. */
enum {
    MOST_FILES = 65536,                  /* files that are remembered */
    MOST_READ = 16384,                   /* files that are read in one build */
    MOST_BYTES_READ = 128 * 1024 * 1024, /* bytes of all of them */
    LONGEST_FILE = 32 * 1024 * 1024      /* bytes of one of them */
};

/* A file that has changed. */
struct file {
    struct path_item item;
    enum { DECIDED, GIT_IS_ASKED, UNTIL_BUILD_ENDS } waits;
    long long noted;
    int in_build;           /* it was noted during a build */
    unsigned noted_in;      /* the number of that build, or of the one before */
    int is_new;             /* it was not there before, so that build may have made it */
    struct content content; /* at the last look, or unknown */
    int listed, forgotten;  /* it is in the list to_look_at; but it is to be dropped from it */
    struct file *next;
};

static change_counts *counts;
static struct table files;
static size_t asked;
static struct file *to_look_at; /* list of the files to look at when the build ends */
static int building;
static unsigned build_number;
static long long files_left, bytes_left; /* what may still be read in this build */
static char *first, *latest;             /* paths that counted */
static size_t counted;

static void git_has_answered(const char *path, int ignored);

void changes_setup(change_counts *given)
{
    counts = given;
    git_on_answer(git_has_answered);
}

/* Returns NULL if there are too many files. */
static struct file *find_or_add(const char *path)
{
    struct file *file = path_table_find(&files, path);

    if (!file && files.count < MOST_FILES)
        file = path_table_add(&files, path, sizeof *file);
    return file;
}

static void count(const char *path, long long when, int in_build)
{
    if (!path || !first || strcmp(path, first) != 0) /* one file that changes repeatedly is one */
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

/* Decides about a file that is there, or gone, for good now. */
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

/* A build may remove again what it has made, and make again what it has removed or emptied, and a
 * program may be half written. Such a file waits for the end of the build. */
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

/* A file that is new, but was never noted, is a folder or the like, and no change by itself. */
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

/* Git's answers do not matter any more for what was noted before: the build or server that starts
 * now will see it. */
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

static void wait_for_git(struct file *file)
{
    file->waits = GIT_IS_ASKED;
    asked++;
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
        wait_for_git(file);
        break;
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

/* Outside a build. Keeps nothing if git has the answer, as there may be many changes at once. */
static void note_unknown(const char *path, long long now)
{
    enum git_answer answer = git_ask(path);
    struct file *file = answer == GIT_ASKED ? find_or_add(path) : NULL;

    if (file) {
        wait_for_git(file);
        note(file, now);
    } else if (answer != GIT_IGNORES) {
        count(path, now, 0);
    }
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
    if (file_is_own_output(path))
        return;
    file = building ? find_or_add(path) : path_table_find(&files, path);
    if (file)
        note(file, now);
    else if (building)
        count(path, now, 1);
    else
        note_unknown(path, now);
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
                                                  : first; /* if gone: a save's temporary file */
}

void changes_clear(void)
{
    forget_undecided();
    free(first);
    free(latest);
    first = latest = NULL;
    counted = 0;
}
