/* SPDX-License-Identifier: MIT */
#include "watcher.h"

#include "clock.h"
#include "files.h"
#include "ignore.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Scans take at most one of so many parts of the time; after a wake, at most half of it. */
enum { PARTS_OF_TIME = 10 };

struct entry {
    char *path;
    struct look look;
};

struct listing {
    struct entry *entries;
    size_t count, room;
};

/* A folder that a link leads to, and that was entered. */
struct visited {
    struct item item; /* by identity */
    unsigned long long device;
};

static const struct options *options;
static const struct arguments *roots;
static struct listing known;
static struct table visited; /* during a scan */
static int woken, modes_count;
static long long scanned, took; /* when the last scan ended, and how long it took */

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

/* ---- Links ---- */

static int is_visited(const struct look *look)
{
    struct item *item = table_find(&visited, look->identity);

    while (item && ((struct visited *)item)->device != look->device)
        item = table_next(item);
    return item != NULL;
}

static void visit(const struct look *look)
{
    struct visited *folder = allocated(calloc(1, sizeof *folder));

    folder->device = look->device;
    table_add(&visited, &folder->item, look->identity);
}

/* A link and the file that it leads to count as one. A folder is entered by one link only. */
static struct look look_behind(const char *path, const struct look *link)
{
    struct look look = file_look(path), both = *link;

    if (look.kind == FILE_KIND) {
        both.identity ^= look.identity;
        both.modified ^= look.modified;
        both.size = look.size;
        both.executable = look.executable;
    } else if (look.kind == FOLDER_KIND && !is_visited(&look) && !link_is_loop(path)) {
        visit(&look);
        both.kind = FOLDER_KIND;
    }
    return both;
}

/* ---- Scanning ---- */

/* Lists what is at the path, and everything below it. Only what follows the root, which is the
 * first part of the path, can be ignored. */
static void list(struct listing *listing, size_t root_length, const char *path,
                 const struct look *given)
{
    struct look look = given->kind == LINK_KIND ? look_behind(path, given) : *given;
    struct folder *folder;
    struct look child_look;
    const char *name;

    if (look.kind == FILE_KIND || given->kind == LINK_KIND)
        add(listing, path, &look);
    if (look.kind != FOLDER_KIND)
        return;
    folder = folder_open(path);
    while ((name = folder_next(folder, &child_look)) != NULL) {
        char *child = join(path, name);
        if (!(child_look.kind == FOLDER_KIND ? ignores_folder : ignores_file)(child,
                                                                              child + root_length))
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

    for (size_t i = 0; i < roots->count; i++) {
        const char *root = roots->list[i];
        struct look look = file_look(root);
        list(&listing, strcmp(root, ".") == 0 ? 0 : strlen(root) + 1, root, &look);
    }
    table_clear(&visited);
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
    return a->modified == b->modified && a->size == b->size && a->identity == b->identity &&
           !(modes_count && b->executable && !a->executable);
}

/* ---- As a watcher ---- */

static int suits(const struct options *given, const char *path)
{
    (void)given;
    (void)path;
    return 1;
}

static void open_scanner(const struct options *given, const struct arguments *paths)
{
    options = given;
    roots = paths;
    for (size_t i = 0; i < roots->count; i++)
        if (!file_exists(roots->list[i]))
            die(EXIT_CANNOT_OPEN, "cannot watch %s: there is no such file or folder",
                roots->list[i]);
    known = scan();
}

static int descriptor(void)
{
    return -1;
}

static void wake(void)
{
    woken = 1;
}

static void modes(void)
{
    modes_count = 1;
}

static int timeout(void)
{
    long long pause = options->poll_ms > 0 ? options->poll_ms : USUAL_POLL_MS;

    if (woken)
        pause = took;
    else if (pause < PARTS_OF_TIME * took)
        pause = PARTS_OF_TIME * took;
    return until(scanned + pause);
}

/* Compares two sorted lists, side by side. After a change it looks again soon, since it may have
 * seen half of a rename, or of a burst. */
static void look(void (*changed)(const char *path))
{
    struct listing now = scan();
    size_t i = 0, j = 0;

    while (i < known.count || j < now.count) {
        int order = i == known.count ? 1
                    : j == now.count ? -1
                                     : by_path(&known.entries[i], &now.entries[j]);
        if (order != 0 || !is_same(&known.entries[i].look, &now.entries[j].look)) {
            if (order > 0)
                watcher_tell_new(now.entries[j].path);
            changed(order < 0 ? known.entries[i].path : now.entries[j].path);
            wake();
        }
        i += order <= 0;
        j += order >= 0;
    }
    discard(&known);
    known = now;
}

const struct watcher scanner = {suits, open_scanner, descriptor, timeout, wake, modes, look};
