/* SPDX-License-Identifier: MIT
 * Finds and watches what a path leads to: a path of --watch, or a symbolic link below one. Links on
 * the way may be replaced, and lead elsewhere then. A file at the end may be replaced, too, as
 * editors save by renaming a new file over the old one. So what is watched are names in folders,
 * whatever has the name at the time. Linux only. */
#ifndef SYSTEMFD_LINKS_H
#define SYSTEMFD_LINKS_H

#include "folders.h"

#include <time.h>

enum { A_LINK, A_FILE, MISSING };

/* A name in a folder that the path of a link leads through, or ends at. */
struct name {
    struct item item;      /* by folder and name */
    struct folder *folder; /* NULL: it was forgotten */
    struct name *next_of_folder, *next_of_link;
    struct link *link;
    char *text;
    int what; /* A_LINK, A_FILE or MISSING */
};

enum target { NOT_FOLLOWED, TO_NOTHING, TO_FILE, TO_FOLDER };

struct link {
    char *path;
    size_t above; /* as in struct folder */
    int is_named; /* --watch names it; 0: it is a symbolic link that was found in a folder */
    enum target target;
    struct folder *tree; /* the folder that it leads to; NULL: none, or is_shared */
    struct name *names;
    /* is_lost: it must be followed again. is_shared: it leads to a folder that is watched already,
     * in another place. */
    int is_lost, is_shared;
    int error;                    /* why it could not be followed, as errno; or 0 */
    struct link *next, *previous; /* in the list of all links */
    struct link *next_lost;
};

/* Adds a path of --watch, and watches what it leads to. Exits with a message if that fails. */
void link_add_named(const char *path);

/* Adds a symbolic link that was found in a folder, unless it is known. It is marked as lost. */
void link_add_found(const struct folder *folder, const char *name);

/* The first entry of that name in the folder, or NULL. There is one for each link that needs it. */
struct name *name_find(const struct folder *folder, const char *text);

/* The next entry of the same name in the same folder, or NULL. */
struct name *name_next(const struct name *name);

/* Marks a link as lost: links_follow_lost will follow it again. */
void link_lose(struct link *link);

/* Marks all links with names in that folder, and forgets these names. */
void links_lose_names(struct folder *folder);

/* Marks all links that could not be followed. */
void links_lose_failed(void);

/* Marks all links. */
void links_lose_all(void);

/* Follows all lost links again. Calls `changed`, like watch_read, for files that have come by that;
 * NULL: no file counts as new. */
void links_follow_lost(void (*changed)(const char *path));

/* Are there links that could not be followed? They are tried again from time to time. */
int links_have_failed(void);

/* To be called after an overflow of inotify's queue. Calls `changed` for every path that leads to a
 * file which may have changed since. */
void links_look(const struct timespec *since, void (*changed)(const char *path));

#endif
