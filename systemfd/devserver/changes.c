/* SPDX-License-Identifier: MIT */
#include "changes.h"

#include "files.h"
#include "report.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A build that writes a text with another content each time (a date, say) would never end:
 * after this many builds in a row such a text is known to be the build's, until it changes
 * while none runs. */
enum { PATIENCE = 3 };

/* A file that changed during a build. */
struct file {
    char *path;
    long long noted; /* 0: decided */
    uint64_t hash;   /* of its content, when it last counted */
    int times;       /* that it counted, in builds one after the other */
};

static int building;
static size_t counted_in_build;
static struct file *files;
static size_t file_count;
static char *first;
static size_t counted;

static struct file *find(const char *path)
{
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

static struct file *find_or_add(const char *path)
{
    struct file *file = find(path), *list;

    if (file)
        return file;
    list = realloc(files, (file_count + 1) * sizeof *files);
    if (list)
        files = list;
    if (!list || !(files[file_count].path = strdup(path)))
        die(EXIT_CANNOT_OPEN, "out of memory");
    files[file_count].noted = files[file_count].times = 0;
    files[file_count].hash = 0;
    return &files[file_count++];
}

static void forget(struct file *file)
{
    free(file->path);
    *file = files[--file_count];
}

static void count(const char *path)
{
    counted++;
    if (!first || !file_exists(first)) { /* not the temporary file of a save */
        free(first);
        first = strdup(path);
    }
}

/* ---- What a build writes ---- */

/* The content's hash (FNV-1a); 0 for what is no text: gone again, empty, binary, a pipe. */
static uint64_t hash_of_text(const char *path)
{
    unsigned char bytes[16384];
    uint64_t hash = 0xcbf29ce484222325U;
    FILE *file = file_open(path);
    size_t got;

    if (!file)
        return 0;
    while (hash && (got = fread(bytes, 1, sizeof bytes, file)) > 0) {
        for (size_t i = 0; i < got; i++)
            hash = (hash ^ bytes[i]) * 0x100000001b3U;
        if (memchr(bytes, '\0', got))
            hash = 0;
    }
    fclose(file);
    return hash;
}

/* Only a text whose content is new is the user's. */
static int is_of_user(struct file *file)
{
    uint64_t hash = hash_of_text(file->path);

    if (hash == 0 || hash == file->hash || file->times >= PATIENCE)
        return 0;
    file->hash = hash;
    file->times++;
    return 1;
}

void changes_build_begins(void)
{
    building = 1;
    counted_in_build = 0;
}

void changes_build_ends(void)
{
    building = 0;
    for (size_t i = 0; i < file_count && counted_in_build == 0; i++)
        if (files[i].times < PATIENCE)
            files[i].times = 0;
}

int change_noted(const char *path, long long now)
{
    struct file *known = find(path);

    if (building) {
        find_or_add(path)->noted = now;
        return 0;
    }
    if (known)
        known->times = 0;
    count(path);
    return 1;
}

size_t changes_decide(long long until)
{
    size_t found = 0;

    for (size_t i = file_count; i-- > 0;) {
        if (!files[i].noted || files[i].noted > until)
            continue;
        files[i].noted = 0;
        if (is_of_user(&files[i])) {
            count(files[i].path);
            found++;
        } else if (files[i].times == 0 && !file_exists(files[i].path)) {
            forget(&files[i]); /* a temporary file */
        }
    }
    counted_in_build += found;
    return found;
}

long long changes_undecided(void)
{
    long long earliest = 0;

    for (size_t i = 0; i < file_count; i++)
        if (files[i].noted && (!earliest || files[i].noted < earliest))
            earliest = files[i].noted;
    return earliest;
}

const char *changes_first(size_t *number)
{
    *number = counted;
    return first;
}

void changes_clear(void)
{
    free(first);
    first = NULL;
    counted = 0;
}
