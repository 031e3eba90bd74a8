/* SPDX-License-Identifier: MIT
 * The folders that inotify watches. In trees everything counts; in other folders only some names do
 * (links.h). Linux only. */
#ifndef SYSTEMFD_FOLDERS_H
#define SYSTEMFD_FOLDERS_H

#include "devserver/table.h"
#include "options.h"

struct link;
struct name;

struct folder {
    struct item by_watch, by_name; /* by watch descriptor; by parent and name */
    char *name;                    /* in its parent; its path if it has none */
    size_t above;                  /* length of the part of that path that cannot be ignored */
    struct folder *parent, *children, *next, *previous;
    struct folder *unlisted, *next_partly;
    int is_tree;
    unsigned look;      /* number of the last look that found it */
    struct link *link;  /* the one that leads here, or NULL */
    struct name *names; /* the names in it that links need */
};

/* Opens inotify. Returns its descriptor, or -1 with errno. */
int folders_open(const struct options *given);

/* Why a folder cannot be watched: the text of that errno, or what to do about a limit. */
const char *folder_why_not(int error);

/* The folder with that watch descriptor of inotify, or NULL. */
struct folder *folder_find(int watch);

/* The watch descriptor of that folder. */
int folder_watch_number(const struct folder *folder);

/* The path of that name in the folder, or for NULL of the folder itself, as reports show it; valid
 * until the next call. *above is the length of the part that cannot be ignored, since --watch or a
 * link names it. */
const char *folder_path(const struct folder *folder, const char *name, size_t *above);

/* Does the file or folder of that name count, because it is not ignored? */
int folder_counts(const struct folder *folder, const char *name, int is_folder);

/* Watches a folder, but nothing below it. Returns it also if it is watched already; NULL with
 * errno. */
struct folder *folder_watch(const char *path);

/* Watches a folder, and everything below it that can be watched, because that link leads to it. If
 * the folder is new, `changed` is called for each file in it; otherwise that is NULL. A tree that
 * is watched already stays where it is. Returns NULL with errno. */
struct folder *folder_add_tree(const char *path, struct link *link,
                               void (*changed)(const char *path));

/* The same for a folder that has come into a tree. */
void folder_add_child(struct folder *parent, const char *name, void (*changed)(const char *path));

/* The folder of that name in the parent, or NULL. */
struct folder *folder_child(const struct folder *parent, const char *name);

/* Watches folders that are not ignored any more, and calls `changed` for what is in them. */
void folders_list_again(void (*changed)(const char *path));

/* Stops watching a folder and everything below it. Links that need them are marked as lost. */
void folder_forget(struct folder *folder);

/* To be called when a link does not need a name in the folder any more. Stops watching the folder
 * if nothing else needs it. */
void folder_release(struct folder *folder);

/* From now on, changes of mode are events, too. */
void folders_watch_modes(void);

/* To be called after an overflow. Looks at all trees again, and calls `changed` for each file that
 * may have changed since `from`; with NULL if one may be gone. */
struct timespec;
void folders_look(const struct timespec *from, void (*changed)(const char *path));

#endif
