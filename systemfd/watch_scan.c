/* SPDX-License-Identifier: MIT */
#if !defined(__linux__) || defined(SYSTEMFD_WATCH_SCAN)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf() */
#endif
#include "watch.h"

#include "ignore.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SCAN_MS = 500 };

struct entry {
    char *path;
    struct timespec modified;
    off_t size;
    ino_t inode;
};

struct listing {
    struct entry *entries;
    size_t count, room;
};

static const struct options *options;
static struct listing known;

static void add(struct listing *listing, const char *path, const struct stat *status)
{
    struct entry *entry;

    if (listing->count == listing->room) {
        listing->room = listing->room * 2 + 64;
        listing->entries = realloc(listing->entries, listing->room * sizeof *listing->entries);
        if (!listing->entries)
            die(EXIT_CANNOT_OPEN, "out of memory");
    }
    entry = &listing->entries[listing->count++];
    entry->path = strdup(path);
    if (!entry->path)
        die(EXIT_CANNOT_OPEN, "out of memory");
#ifdef __APPLE__
    entry->modified = status->st_mtimespec;
#else
    entry->modified = status->st_mtim;
#endif
    entry->size = status->st_size;
    entry->inode = status->st_ino;
}

static void list(struct listing *listing, const char *root, const char *path);

static void list_folder(struct listing *listing, const char *root, const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char *child;

    while (folder && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&child, "%s/%s", path, entry->d_name) < 0)
            die(EXIT_CANNOT_OPEN, "out of memory");
        if (!is_ignored(&options->ignore, child + strlen(root) + 1))
            list(listing, root, child);
        free(child);
    }
    if (folder)
        closedir(folder);
}

static void list(struct listing *listing, const char *root, const char *path)
{
    struct stat status;

    if ((path == root ? stat(path, &status) : lstat(path, &status)) < 0)
        return;
    if (S_ISDIR(status.st_mode))
        list_folder(listing, root, path);
    else if (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode))
        add(listing, path, &status);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static struct listing scan(void)
{
    struct listing listing = {NULL, 0, 0};

    for (size_t i = 0; i < options->watch.count; i++)
        list(&listing, options->watch.list[i], options->watch.list[i]);
    if (listing.count > 0)
        qsort(listing.entries, listing.count, sizeof *listing.entries, by_path);
    return listing;
}

static void discard(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        free(listing->entries[i].path);
    free(listing->entries);
}

static int is_same(const struct entry *a, const struct entry *b)
{
    return a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec &&
           a->size == b->size && a->inode == b->inode;
}

void watch_open(const struct options *given)
{
    struct stat status;

    options = given;
    for (size_t i = 0; i < options->watch.count; i++)
        if (stat(options->watch.list[i], &status) < 0)
            die(EXIT_CANNOT_OPEN, "cannot watch %s: %s", options->watch.list[i], strerror(errno));
    known = scan();
}

int watch_descriptor(void)
{
    return -1;
}

int watch_timeout(void)
{
    return options && options->watch.count > 0 ? SCAN_MS : -1;
}

/* Two sorted lists, read side by side. */
void watch_read(void (*changed)(const char *path))
{
    struct listing now;
    size_t i = 0, j = 0;

    if (!options)
        return;
    now = scan();
    while (i < known.count || j < now.count) {
        int order = i == known.count ? 1
                    : j == now.count ? -1
                                     : by_path(&known.entries[i], &now.entries[j]);
        if (order != 0 || !is_same(&known.entries[i], &now.entries[j]))
            changed(order < 0 ? known.entries[i].path : now.entries[j].path);
        i += order <= 0;
        j += order >= 0;
    }
    discard(&known);
    known = now;
}
#else
typedef int watch_scan_is_not_for_linux;
#endif
