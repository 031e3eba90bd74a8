/* SPDX-License-Identifier: MIT */
#if !defined(__linux__) || defined(SYSTEMFD_WATCH_SCAN)
#include "watch.h"

#include "clock.h"
#include "files.h"
#include "ignore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often it is looked, but never for more than a part of the time. */
enum { SCAN_MS = 500, PARTS_OF_TIME = 10 };

struct entry {
    char *path;
    struct look look;
};

struct listing {
    struct entry *entries;
    size_t count, room;
};

static const struct options *options;
static struct listing known;
static int woken;
static long long scanned, took; /* when the last scan ended, and its time */

static void *allocated(void *memory)
{
    if (!memory)
        die(EXIT_CANNOT_OPEN, "out of memory");
    return memory;
}

static void add(struct listing *listing, const char *path, const struct look *look)
{
    struct entry *entry;

    if (listing->count == listing->room) {
        listing->room = listing->room * 2 + 64;
        listing->entries =
            allocated(realloc(listing->entries, listing->room * sizeof *listing->entries));
    }
    entry = &listing->entries[listing->count++];
    entry->path = allocated(strdup(path));
    entry->look = *look;
}

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = allocated(malloc(size));

    if (strcmp(folder, ".") == 0)
        snprintf(path, size, "%s", name);
    else
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* What is there, and below. Only what stands behind the root, a part of the path, can be
 * ignored. */
static void list(struct listing *listing, size_t root_length, const char *path,
                 const struct look *look)
{
    struct folder *folder;
    struct look child_look;
    const char *name;

    if (look->kind == FILE_KIND)
        add(listing, path, look);
    if (look->kind != FOLDER_KIND)
        return;
    folder = folder_open(path);
    while ((name = folder_next(folder, &child_look)) != NULL) {
        char *child = join(path, name);
        if (!is_ignored(&options->ignore, child + root_length))
            list(listing, root_length, child, &child_look);
        free(child);
    }
    folder_close(folder);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static struct listing scan(void)
{
    struct listing listing = {NULL, 0, 0};
    long long began = now_ms();

    for (size_t i = 0; i < options->watch.count; i++) {
        const char *root = options->watch.list[i];
        struct look look = file_look(root);
        list(&listing, strcmp(root, ".") == 0 ? 0 : strlen(root) + 1, root, &look);
    }
    if (listing.count > 0)
        qsort(listing.entries, listing.count, sizeof *listing.entries, by_path);
    scanned = now_ms();
    took = scanned - began;
    woken = 0;
    return listing;
}

static void discard(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        free(listing->entries[i].path);
    free(listing->entries);
}

static int is_same(const struct look *a, const struct look *b)
{
    return a->modified == b->modified && a->size == b->size && a->identity == b->identity;
}

void watch_open(const struct options *given)
{
    options = given;
    for (size_t i = 0; i < options->watch.count; i++)
        if (!file_exists(options->watch.list[i]))
            die(EXIT_CANNOT_OPEN, "cannot watch %s: there is no such file or folder",
                options->watch.list[i]);
    known = scan();
}

int watch_descriptor(void)
{
    return -1;
}

void watch_wake(void)
{
    woken = 1;
}

int watch_timeout(void)
{
    long long pause = woken ? 0 : SCAN_MS, least = PARTS_OF_TIME * took;

    return options->watch.count == 0 ? -1 : until(scanned + (pause > least ? pause : least));
}

int watch_is_due(void)
{
    return watch_timeout() == 0;
}

/* Two sorted lists, read side by side. What is found is looked at once more, soon: half of a
 * rename may have been seen, or of a burst. */
void watch_read(void (*changed)(const char *path))
{
    struct listing now = scan();
    size_t i = 0, j = 0;

    while (i < known.count || j < now.count) {
        int order = i == known.count ? 1
                    : j == now.count ? -1
                                     : by_path(&known.entries[i], &now.entries[j]);
        if (order != 0 || !is_same(&known.entries[i].look, &now.entries[j].look)) {
            changed(order < 0 ? known.entries[i].path : now.entries[j].path);
            watch_wake();
        }
        i += order <= 0;
        j += order >= 0;
    }
    discard(&known);
    known = now;
}
#else
typedef int watch_scan_is_not_for_linux;
#endif
