/* SPDX-License-Identifier: MIT
 * The folders that inotify watches: trees, in which everything counts, and others, in which only
 * some names do (links.h). Linux only. */
#ifndef SYSTEMFD_FOLDERS_H
#define SYSTEMFD_FOLDERS_H

#include "devserver/table.h"
#include "options.h"

struct link;
struct name;

struct folder {
    struct item by_watch, by_name; /* inotify's number; parent and name */
    char *name;                    /* without a parent: its path, */
    size_t above;                  /* of which that much cannot be ignored */
    struct folder *parent, *children, *next, *previous;
    struct folder *unlisted, *next_partly;
    int is_tree;
    unsigned look;      /* the last one that came here */
    struct link *link;  /* that leads here; NULL: it is only a part of its parent */
    struct name *names; /* that count by themselves */
};

/* inotify's descriptor; -1 with errno. */
int folders_open(const struct options *given);

/* An error's text, and what to do. */
const char *folder_why_not(int error);

/* The watched one with that number of inotify's; NULL: there is none. */
struct folder *folder_find(int watch);
int folder_watch_number(const struct folder *folder);

/* The path of what has that name in it, or of itself for NULL, as it is reported; valid until the
 * next call. Whether it is ignored is decided by what is below the path that was named: *above is
 * the length of the rest. */
const char *folder_path(const struct folder *folder, const char *name, size_t *above);
int folder_counts(const struct folder *folder, const char *name, int is_folder);

/* Watches one, for its names; NULL with errno. */
struct folder *folder_watch(const char *path);

/* Watches one, with everything below it that can be watched. With `changed`, that is new, and what
 * is in it is told. NULL with errno. One that is watched already is left where it is. */
struct folder *folder_add_tree(const char *path, struct link *link,
                               void (*changed)(const char *path));

/* The same for one that has come there. */
void folder_add_child(struct folder *parent, const char *name, void (*changed)(const char *path));
struct folder *folder_child(const struct folder *parent, const char *name);

/* Watches the folders that were ignored and are not any more, and tells what is in them. */
void folders_list_again(void (*changed)(const char *path));

/* Forgets it, with everything below it; the links that need them are to be followed again. */
void folder_forget(struct folder *folder);

/* When no name in it counts any more. */
void folder_release(struct folder *folder);

/* Watches files' modes, too. */
void folders_watch_modes(void);

/* Looks at all trees again: what was not told may have been anything since then. */
struct timespec;
void folders_look(const struct timespec *from, void (*changed)(const char *path));

#endif
