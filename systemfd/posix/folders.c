/* SPDX-License-Identifier: MIT */
#ifdef __linux__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* DT_DIR */
#endif
#include "folders.h"

#include "devserver/ignore.h"
#include "devserver/watcher.h"
#include "git_lists.h"
#include "links.h"
#include "seen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct options *options;
static int inotify = -1;
static uint32_t mask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                       IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
static struct table by_watch, by_name;
static struct folder *unlisted; /* folders that are watched and not listed yet */
static struct folder *partly;   /* folders that were listed except for what git must decide */
static unsigned look = 1;
static int limit_is_told;

/* Set only during a look after an overflow: what has changed since then is reported. */
static const struct timespec *since;

int folders_open(const struct options *given)
{
    options = given;
    inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return inotify;
}

/* ---- Finding ---- */

struct folder *folder_find(int watch)
{
    return watch < 0 ? NULL : (struct folder *)table_find(&by_watch, (uint64_t)watch);
}

int folder_watch_number(const struct folder *folder)
{
    return (int)folder->by_watch.key;
}

static uint64_t key_of(const struct folder *parent, const char *name)
{
    return table_key(parent->by_watch.key, name);
}

struct folder *folder_child(const struct folder *parent, const char *name)
{
    struct item *item = table_find(&by_name, key_of(parent, name));

    for (; item; item = table_next(item)) {
        struct folder *child =
            (struct folder *)(void *)((char *)item - offsetof(struct folder, by_name));
        if (child->parent == parent && strcmp(child->name, name) == 0)
            return child;
    }
    return NULL;
}

/* ---- Paths ---- */

/* Writes the text in front of `at`. A path that does not fit is longer than PATH_MAX. */
static char *prepend(char *at, const char *start, const char *text)
{
    size_t length = strlen(text);

    if ((size_t)(at - start) > length)
        while (length > 0)
            *--at = text[--length];
    return at;
}

const char *folder_path(const struct folder *folder, const char *name, size_t *above)
{
    static char buffer[2 * PATH_MAX];
    char *at = buffer + sizeof buffer - 1;

    *at = '\0';
    if (name)
        at = prepend(at, buffer, name);
    for (; folder->parent; folder = folder->parent) {
        if (*at)
            at = prepend(at, buffer, "/");
        at = prepend(at, buffer, folder->name);
    }
    *above = folder->above;
    if (*at && strcmp(folder->name, ".") == 0)
        return at;
    if (*at && folder->name[strlen(folder->name) - 1] != '/')
        at = prepend(at, buffer, "/");
    return prepend(at, buffer, folder->name);
}

int folder_counts(const struct folder *folder, const char *name, int is_folder)
{
    size_t above;
    const char *path = folder_path(folder, name, &above);

    return !(is_folder ? ignores_folder : ignores_file)(path, path + above);
}

static char *copy_of_path(const struct folder *folder, const char *name)
{
    size_t above;
    char *path = allocated(strdup(folder_path(folder, name, &above)));

    return path;
}

/* ---- Watching ---- */

struct folder *folder_watch(const char *path)
{
    int watch = inotify_add_watch(inotify, path, mask);
    struct folder *folder = folder_find(watch);

    if (watch < 0 || folder)
        return folder;
    folder = allocated(calloc(1, sizeof *folder));
    folder->name = allocated(strdup(path));
    table_add(&by_watch, &folder->by_watch, (uint64_t)watch);
    return folder;
}

static void watch_modes_of(const struct folder *folder)
{
    size_t above;

    inotify_add_watch(inotify, folder_path(folder, NULL, &above), mask);
}

void folders_watch_modes(void)
{
    if (mask & IN_ATTRIB)
        return;
    mask |= IN_ATTRIB;
    for (struct item *item = NULL; (item = table_after(&by_watch, item)) != NULL;)
        watch_modes_of((const struct folder *)item);
}

/* ---- Their places ---- */

static void unplace(struct folder *folder)
{
    if (!folder->parent)
        return;
    table_remove(&by_name, &folder->by_name);
    if (folder->next)
        folder->next->previous = folder->previous;
    if (folder->previous)
        folder->previous->next = folder->next;
    else
        folder->parent->children = folder->next;
    folder->parent = folder->next = folder->previous = NULL;
}

static void place(struct folder *folder, struct folder *parent, const char *name)
{
    char *copy = allocated(strdup(name));

    unplace(folder);
    free(folder->name);
    folder->name = copy;
    folder->parent = parent;
    if (!parent)
        return;
    table_add(&by_name, &folder->by_name, key_of(parent, name));
    folder->next = parent->children;
    if (folder->next)
        folder->next->previous = folder;
    parent->children = folder;
}

/* ---- Listing ---- */

const char *folder_why_not(int error)
{
    if (error == ENOSPC)
        return "the system's limit of watched folders is reached; raise "
               "fs.inotify.max_user_watches with sysctl, --ignore folders, or --poll";
    return strerror(error);
}

/* A limit is reported once, as thousands of folders may hit it. */
static void warn(const char *path)
{
    int is_limit = errno == ENOSPC;

    if (errno == ENOENT || errno == ENOTDIR || (is_limit && limit_is_told)) /* it is gone again */
        return;
    report("warning: %s%s not watched: %s", path, is_limit ? " and other folders are" : " is",
           folder_why_not(errno));
    limit_is_told |= is_limit;
}

/* Puts a folder into a tree. It is new, or this look has not come to it yet. */
static void begin_tree(struct folder *folder, struct folder *parent, const char *name)
{
    if (folder->link) { /* a link led to it, and now it is found in a tree */
        folder->link->tree = NULL;
        link_lose(folder->link);
        folder->link = NULL;
    }
    place(folder, parent, name);
    folder->is_tree = 1;
    folder->look = look;
    folder->unlisted = unlisted;
    unlisted = folder;
}

static int is_begun(const struct folder *folder)
{
    return folder->is_tree && folder->look == look;
}

static int is_below(const struct folder *folder, const struct folder *above)
{
    while (folder && folder != above)
        folder = folder->parent;
    return folder != NULL;
}

/* Is the folder at its right place, although it is found as `name` in `parent`? Usually a folder
 * belongs where it is found: a link that leads to it may go, and it may be known from a place that
 * it was moved from. But what --watch names stays that, and a folder that is mounted in itself is
 * no part of itself. */
static int is_in_place(const struct folder *folder, const struct folder *parent, const char *name)
{
    if (folder->link ? folder->link->is_named : is_below(parent, folder))
        return 1;
    return folder->parent == parent && strcmp(folder->name, name) == 0;
}

static void add_subfolder(struct folder *parent, const char *name)
{
    char *path = copy_of_path(parent, name);
    struct folder *folder = folder_watch(path);

    if (!folder)
        warn(path);
    else if (!is_begun(folder) || !is_in_place(folder, parent, name))
        begin_tree(folder, parent, name);
    free(path);
}

/* On most file systems the type of a file costs no further call (readdir(3)). */
static unsigned char type_of(DIR *listing, const struct dirent *entry)
{
    struct stat status;

    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(dirfd(listing), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return DT_UNKNOWN;
    return S_ISDIR(status.st_mode) ? DT_DIR : S_ISLNK(status.st_mode) ? DT_LNK : DT_REG;
}

static int has_changed(DIR *listing, const char *name)
{
    struct stat status;

    return !since || fstatat(dirfd(listing), name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
           seen_since(&status, since);
}

/* Reports a file. Except in a look after an overflow, its folder is new, and so is the file. */
static void tell(const char *path, void (*changed)(const char *path))
{
    if (!since)
        watcher_tell_new(path);
    changed(path);
}

static void list_again(struct folder *folder)
{
    folder->next_partly = partly;
    partly = folder;
}

/* Is it still unknown whether git ignores it? Then the folder will be listed again. */
static int has_to_wait(struct folder *folder, const char *name)
{
    size_t above;

    if (!git_is_listing(folder_path(folder, name, &above)))
        return 0;
    if (partly != folder)
        list_again(folder);
    return 1;
}

static void add_entry(struct folder *folder, DIR *listing, const struct dirent *entry,
                      void (*changed)(const char *path))
{
    unsigned char type = type_of(listing, entry);
    size_t above;

    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
        (type != DT_DIR && type != DT_LNK && !changed) || has_to_wait(folder, entry->d_name) ||
        !folder_counts(folder, entry->d_name, type == DT_DIR))
        return;
    if (type == DT_DIR)
        add_subfolder(folder, entry->d_name);
    else if (changed && has_changed(listing, entry->d_name))
        tell(folder_path(folder, entry->d_name, &above), changed);
    if (type == DT_LNK)
        link_add_found(folder, entry->d_name);
}

/* A file that was removed or renamed cannot be seen any more, only that the folder has changed. */
static void tell_of_losses(DIR *listing, void (*changed)(const char *path))
{
    struct stat status;

    if (fstat(dirfd(listing), &status) < 0 || seen_since(&status, since))
        changed(NULL);
}

static void list(struct folder *folder, void (*changed)(const char *path))
{
    size_t above;
    const char *path = folder_path(folder, NULL, &above);
    DIR *listing = opendir(path);
    struct dirent *entry;

    if (!listing) {
        warn(path);
        return;
    }
    if (since && changed)
        tell_of_losses(listing, changed);
    while ((entry = readdir(listing)) != NULL)
        add_entry(folder, listing, entry, changed);
    closedir(listing);
}

/* Each folder is watched before it is listed, so that what comes meanwhile is seen twice, but not
 * missed. They are listed one at a time: a deep tree needs no more descriptors than a flat one. */
static void list_new(void (*changed)(const char *path))
{
    while (unlisted) {
        struct folder *folder = unlisted;
        unlisted = folder->unlisted;
        list(folder, changed);
    }
}

static void list_all(void (*changed)(const char *path))
{
    list_new(changed);
    if (!partly)
        return;
    git_finish_lists();
    while (partly) {
        struct folder *folder = partly;
        partly = folder->next_partly;
        list(folder, NULL);
    }
    list_new(changed);
}

struct folder *folder_add_tree(const char *path, struct link *link,
                               void (*changed)(const char *path))
{
    struct folder *folder = folder_watch(path);

    if (folder && !is_begun(folder)) {
        begin_tree(folder, NULL, path);
        folder->link = link;
        folder->above = link->above;
        list_all(changed);
    }
    return folder;
}

/* Forgets a folder that --watch names, if it was moved here. */
static void forget_named(const struct folder *parent, const char *name)
{
    size_t above;
    struct folder *folder = folder_watch(folder_path(parent, name, &above));

    if (folder && folder->link && folder->link->is_named)
        folder_forget(folder);
}

void folder_add_child(struct folder *parent, const char *name, void (*changed)(const char *path))
{
    forget_named(parent, name);
    add_subfolder(parent, name);
    list_all(changed);
}

/* Folders that were passed over before may count now. */
void folders_list_again(void (*changed)(const char *path))
{
    for (struct item *item = NULL; (item = table_after(&by_watch, item)) != NULL;)
        if (((struct folder *)item)->is_tree)
            list_again((struct folder *)item);
    list_all(changed);
}

/* ---- Forgetting ---- */

static void discard(struct folder *folder)
{
    inotify_rm_watch(inotify, folder_watch_number(folder)); /* fails if the folder is gone */
    table_remove(&by_watch, &folder->by_watch);
    unplace(folder);
    free(folder->name);
    free(folder);
}

void folder_forget(struct folder *folder)
{
    struct folder *child = folder->children, *next;

    for (; child; child = next) {
        next = child->next;
        folder_forget(child);
    }
    if (folder->link) {
        folder->link->tree = NULL;
        link_lose(folder->link);
    }
    links_lose_names(folder);
    discard(folder);
}

void folder_release(struct folder *folder)
{
    if (!folder->is_tree && !folder->names)
        discard(folder);
}

/* ---- After an overflow ---- */

/* Folders that the look did not find are not where they were. */
static void forget_unseen(struct folder *folder)
{
    struct folder *child = folder->children, *next;

    for (; child; child = next) {
        next = child->next;
        if (child->look == look)
            forget_unseen(child);
        else
            folder_forget(child);
    }
}

static void begin_again(struct folder *folder)
{
    folder->look = look;
    folder->unlisted = unlisted;
    unlisted = folder;
}

/* Calls the function for each tree without a parent. It may forget only what is below that one. */
static void for_each_top(void (*call)(struct folder *folder))
{
    for (struct item *item = NULL; (item = table_after(&by_watch, item)) != NULL;) {
        struct folder *folder = (struct folder *)item;
        if (folder->is_tree && !folder->parent)
            call(folder);
    }
}

void folders_look(const struct timespec *from, void (*changed)(const char *path))
{
    look++;
    since = from;
    for_each_top(begin_again);
    list_all(changed);
    since = NULL;
    for_each_top(forget_unseen);
}
#else
typedef int folders_are_for_linux;
#endif
