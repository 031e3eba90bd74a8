/* SPDX-License-Identifier: MIT
 * What is behind a path: that of --watch, or of a link below it. On the way there may be links,
 * which may be made anew to lead elsewhere; and at its end a file, which editors save by renaming a
 * new one over it. So what counts are names in folders, whatever stands there. Linux only. */
#ifndef SYSTEMFD_LINKS_H
#define SYSTEMFD_LINKS_H

#include "folders.h"

#include <time.h>

enum { A_LINK, A_FILE, MISSING };

/* A name in a folder that the way leads through, or ends at. */
struct name {
    struct item item; /* by folder and name */
    struct folder *folder;
    struct name *next_of_folder, *next_of_link;
    struct link *link;
    char *text;
    int what; /* A_LINK, A_FILE or MISSING */
};

enum target { NOT_FOLLOWED, TO_NOTHING, TO_FILE, TO_FOLDER };

struct link {
    char *path;
    size_t above; /* as in struct folder */
    int is_named; /* by --watch; or it was found in a folder */
    enum target target;
    struct folder *tree; /* NULL: it leads to none, or that is watched already: then it is shared */
    struct name *names;
    int is_lost, is_shared;
    int error;                    /* why it could not be followed; 0: it could */
    struct link *next, *previous; /* of all */
    struct link *next_lost;
};

/* What --watch names; exits with a message when it cannot be watched. */
void link_add_named(const char *path);

/* A link in a folder, unless it is known. */
void link_add_found(const struct folder *folder, const char *name);

/* The first of those that have that name there; then name_next. */
struct name *name_find(const struct folder *folder, const char *text);
struct name *name_next(const struct name *name);

/* To be followed again: one, those with names in that folder, those that could not be followed,
 * all. */
void link_lose(struct link *link);
void links_lose_names(struct folder *folder);
void links_lose_failed(void);
void links_lose_all(void);

/* `changed` as that of watch_read; NULL: nothing is new. */
void links_follow_lost(void (*changed)(const char *path));

/* Are there any that could not be followed? They are tried again from time to time. */
int links_have_failed(void);

/* After an overflow: tells of the files that are not in a tree, and may have changed since. */
void links_look(const struct timespec *since, void (*changed)(const char *path));

#endif
