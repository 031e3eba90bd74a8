/* SPDX-License-Identifier: MIT */
#if defined(__linux__) && !defined(SYSTEMFD_WATCH_SCAN)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf() */
#endif
#include "devserver/watch.h"

#include "devserver/ignore.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* What --watch names. A file is watched through its folder, because editors save by renaming
 * a new file over the old one. */
struct root {
    const char *path;
    char *folder;
    int watch;        /* inotify's, of the folder; -1: it is gone, and its return is looked for */
    const char *name; /* of the file in it that counts; NULL: all below the folder do */
};

/* What inotify's watch descriptor, the index, stands for; they count up from 1. */
struct folder {
    char *path; /* NULL: gone */
    struct root *root;
};

enum { LOOK_AGAIN_MS = 200 };

static const struct options *options;
static int inotify = -1;
static struct root *roots;
static size_t root_count;
static struct folder *folders;
static size_t folder_count;

static int add_tree(struct root *root, const char *path, void (*changed)(const char *));

static void *allocated(void *memory)
{
    if (!memory)
        die(EXIT_CANNOT_OPEN, "out of memory");
    return memory;
}

static char *join(const char *folder, const char *name)
{
    char *path;

    if (strcmp(folder, ".") == 0)
        return allocated(strdup(name));
    if (asprintf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name) < 0)
        die(EXIT_CANNOT_OPEN, "out of memory");
    return path;
}

/* The part of the path below what --watch named: only that can be ignored. */
static const char *below(const struct root *root, const char *path)
{
    size_t length = strlen(root->folder);

    if (strncmp(path, root->folder, length) == 0 && (path[length] == '/' || length == 0))
        return path + length + 1;
    return path;
}

static int counts(const struct root *root, const char *path)
{
    return !is_ignored(&options->ignore, below(root, path));
}

/* ---- Adding ---- */

static int is_known(int watch)
{
    return watch >= 0 && (size_t)watch < folder_count && folders[watch].path;
}

static void remember(int watch, struct root *root, const char *path)
{
    size_t index = (size_t)watch;
    struct folder *folder;

    if (index >= folder_count) {
        size_t count = index * 2 + 16;
        folders = allocated(realloc(folders, count * sizeof *folders));
        memset(folders + folder_count, 0, (count - folder_count) * sizeof *folders);
        folder_count = count;
    }
    folder = &folders[index];
    folder->path = allocated(strdup(path));
    folder->root = root;
}

static const char *why_not(int error)
{
    return error == ENOSPC ? "the system's limit of watched folders is reached; raise "
                             "fs.inotify.max_user_watches with sysctl, or --ignore folders"
                           : strerror(error);
}

/* inotify's number for the folder; -1 with errno. */
static int add_folder(struct root *root, const char *path)
{
    const unsigned mask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                          IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
    int watch = inotify_add_watch(inotify, path, mask);

    if (watch >= 0 && !is_known(watch)) /* one folder may be watched for several roots */
        remember(watch, root, path);
    return watch;
}

/* One below a root; it may be gone again. */
static void add_subfolder(struct root *root, const char *path, void (*changed)(const char *))
{
    if (add_tree(root, path, changed) < 0 && errno != ENOENT && errno != ENOTDIR)
        report("warning: %s is not watched: %s", path, why_not(errno));
}

static void add_entry(struct root *root, const char *folder, const struct dirent *entry,
                      void (*changed)(const char *))
{
    char *path = join(folder, entry->d_name);
    struct stat status;

    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && counts(root, path) &&
        lstat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            add_subfolder(root, path, changed);
        else if (changed)
            changed(path);
    }
    free(path);
}

/* Watches the folder before it is listed: what comes meanwhile is seen twice, not missed.
 * With `changed`, the folder is new, and what is in it already is reported. inotify's number for
 * the folder; -1 with errno. */
static int add_tree(struct root *root, const char *path, void (*changed)(const char *))
{
    int watch = add_folder(root, path);
    struct dirent *entry;
    DIR *listing;

    if (watch < 0 || root->name)
        return watch;
    listing = opendir(path);
    if (!listing)
        return -1;
    while ((entry = readdir(listing)) != NULL)
        add_entry(root, path, entry, changed);
    closedir(listing);
    return watch;
}

static void watch_root(struct root *root, void (*changed)(const char *))
{
    root->watch = add_tree(root, root->folder, changed);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static int is_folder(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        die(EXIT_CANNOT_OPEN, "cannot watch %s: %s", path, strerror(errno));
    return S_ISDIR(status.st_mode);
}

static void open_root(const char *path);

/* A file behind a link is watched under both names. */
static void open_target(const char *path)
{
    struct stat status;

    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
        open_root(allocated(realpath(path, NULL)));
}

static void open_root(const char *path)
{
    struct root *root = &roots[root_count++];
    const char *slash = strrchr(path, '/');
    size_t length = strlen(path);

    memset(root, 0, sizeof *root);
    root->path = path;
    if (is_folder(path)) {
        while (length > 1 && path[length - 1] == '/')
            length--;
        root->folder = allocated(strndup(path, length));
    } else {
        root->folder = allocated(folder_of(path));
        root->name = slash ? slash + 1 : path;
    }
    watch_root(root, NULL);
    if (root->watch < 0)
        die(EXIT_CANNOT_OPEN, "cannot watch %s: %s", path, why_not(errno));
    if (root->name)
        open_target(path);
}

/* "./src" and "src" are one spelling, so that they are one folder. */
static const char *plain(const char *path)
{
    while (strncmp(path, "./", 2) == 0 && path[2] != '\0')
        for (path += 2; *path == '/' && path[1] != '\0'; path++) {
        }
    return path;
}

/* Folders first: a file in one of them is watched with it. */
void watch_open(const struct options *given)
{
    options = given;
    roots = allocated(calloc(2 * options->watch.count + 1, sizeof *roots));
    inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (inotify < 0)
        die(EXIT_CANNOT_OPEN, "cannot watch files: %s", strerror(errno));
    for (int folders_now = 1; folders_now >= 0; folders_now--)
        for (size_t i = 0; i < options->watch.count; i++)
            if (is_folder(options->watch.list[i]) == folders_now)
                open_root(plain(options->watch.list[i]));
}

int watch_descriptor(void)
{
    return inotify;
}

/* ---- Reading ---- */

static void forget(int watch)
{
    for (size_t i = 0; i < root_count; i++)
        if (roots[i].watch == watch)
            roots[i].watch = -1;
    free(folders[watch].path);
    folders[watch].path = NULL;
}

static int is_folder_of_a_root(int watch)
{
    for (size_t i = 0; i < root_count; i++)
        if (roots[i].watch == watch)
            return 1;
    return 0;
}

/* A folder was renamed away: its watches would report it under the old name. */
static void forget_tree(const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; i < folder_count; i++)
        if (folders[i].path && strncmp(folders[i].path, path, length) == 0 &&
            (folders[i].path[length] == '/' || folders[i].path[length] == '\0'))
            inotify_rm_watch(inotify, (int)i); /* IN_IGNORED follows, and forgets it */
}

/* A file that was created is reported when its writer closes it; but a link is complete. */
static int is_complete(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 &&
           (S_ISLNK(status.st_mode) || (S_ISREG(status.st_mode) && status.st_nlink > 1));
}

/* Several files in one folder share its watch, with each other and with a whole tree, however
 * the folder's name was spelled. */
static int is_watched_file(int watch, const char *name)
{
    for (size_t i = 0; i < root_count; i++)
        if (roots[i].watch == watch && roots[i].name && strcmp(roots[i].name, name) == 0)
            return 1;
    return 0;
}

static void handle_entry(const struct folder *folder, const struct inotify_event *event,
                         const char *path, void (*changed)(const char *))
{
    struct root *root = folder->root;

    if (!is_watched_file(event->wd, event->name) && (root->name || !counts(root, path)))
        return;
    if (!(event->mask & IN_ISDIR)) {
        if (!(event->mask & IN_CREATE) || is_complete(path))
            changed(path);
        return;
    }
    if (event->mask & IN_MOVED_FROM)
        forget_tree(path);
    if (event->mask & (IN_CREATE | IN_MOVED_TO))
        add_subfolder(root, path, changed);
    else
        changed(path);
}

static void handle(const struct inotify_event *event, void (*changed)(const char *))
{
    struct folder *folder;
    char *path;

    if (event->mask & IN_Q_OVERFLOW) { /* too many to tell: something did change */
        for (size_t i = 0; i < root_count; i++) {
            watch_root(&roots[i], NULL);
            changed(roots[i].path);
        }
        return;
    }
    if (!is_known(event->wd))
        return;
    folder = &folders[event->wd];
    if (event->mask & IN_MOVE_SELF && is_folder_of_a_root(event->wd))
        forget_tree(folder->path);
    if (event->mask & IN_IGNORED) {
        forget(event->wd);
    } else if (event->len > 0) {
        path = join(folder->path, event->name);
        handle_entry(folder, event, path, changed);
        free(path);
    }
}

static void look_for_lost(void (*changed)(const char *))
{
    struct stat status;

    for (size_t i = 0; i < root_count; i++)
        if (roots[i].watch < 0 && stat(roots[i].folder, &status) == 0) {
            watch_root(&roots[i], roots[i].name ? NULL : changed);
            if (roots[i].watch >= 0 && roots[i].name && stat(roots[i].path, &status) == 0)
                changed(roots[i].path);
        }
}

int watch_timeout(void)
{
    for (size_t i = 0; i < root_count; i++)
        if (roots[i].watch < 0)
            return LOOK_AGAIN_MS;
    return -1;
}

void watch_wake(void)
{
}

int watch_is_due(void)
{
    return 1;
}

void watch_read(void (*changed)(const char *path))
{
    union {
        struct inotify_event event; /* for its alignment */
        char bytes[16384];
    } buffer;
    ssize_t got;

    if (inotify < 0)
        return;
    while ((got = read(inotify, buffer.bytes, sizeof buffer.bytes)) > 0) {
        for (char *next = buffer.bytes; next < buffer.bytes + got;) {
            const struct inotify_event *event = (const struct inotify_event *)(void *)next;
            next += sizeof *event + event->len;
            handle(event, changed);
        }
    }
    look_for_lost(changed);
}
#else
typedef int watch_inotify_is_for_linux;
#endif
