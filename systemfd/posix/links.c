/* SPDX-License-Identifier: MIT */
#ifdef __linux__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "links.h"

#include "devserver/files.h"
#include "seen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_LINKS = 40 }; /* as many as the kernel follows (path_resolution(7)) */

static struct table names;
static struct link *links, *lost;
static size_t shared_count, failed_count;

/* ---- Names ---- */

static uint64_t key_of(const struct folder *folder, const char *name)
{
    return table_key((uint64_t)folder_watch_number(folder), name);
}

static struct name *first_match(struct item *item, const struct folder *folder, const char *text)
{
    for (; item; item = table_next(item)) {
        struct name *name = (struct name *)item;
        if (name->folder == folder && strcmp(name->text, text) == 0)
            return name;
    }
    return NULL;
}

struct name *name_find(const struct folder *folder, const char *text)
{
    return folder->names ? first_match(table_find(&names, key_of(folder, text)), folder, text)
                         : NULL;
}

struct name *name_next(const struct name *name)
{
    return first_match(table_next(&name->item), name->folder, name->text);
}

static void add_name(struct link *link, struct folder *folder, const char *text, int what)
{
    struct name *name = allocated(calloc(1, sizeof *name));

    name->text = allocated(strdup(text));
    name->what = what;
    name->folder = folder;
    name->link = link;
    name->next_of_folder = folder->names;
    folder->names = name;
    name->next_of_link = link->names;
    link->names = name;
    table_add(&names, &name->item, key_of(folder, text));
}

static void detach(struct name *name)
{
    struct name **at = &name->folder->names;

    while (*at != name)
        at = &(*at)->next_of_folder;
    *at = name->next_of_folder;
    table_remove(&names, &name->item);
    name->folder = NULL;
}

static void discard_names(struct name *name)
{
    while (name) {
        struct name *next = name->next_of_link;
        struct folder *folder = name->folder;
        if (folder) {
            detach(name);
            folder_release(folder);
        }
        free(name->text);
        free(name);
        name = next;
    }
}

/* ---- Links to follow again ---- */

void link_lose(struct link *link)
{
    if (link->is_lost)
        return;
    link->is_lost = 1;
    link->next_lost = lost;
    lost = link;
}

void links_lose_names(struct folder *folder)
{
    while (folder->names) {
        link_lose(folder->names->link);
        detach(folder->names);
    }
}

void links_lose_all(void)
{
    for (struct link *link = links; link; link = link->next)
        link_lose(link);
}

void links_lose_failed(void)
{
    for (struct link *link = links; link && failed_count > 0; link = link->next)
        if (link->error)
            link_lose(link);
}

int links_have_failed(void)
{
    return failed_count > 0;
}

static void set_error(struct link *link, int error)
{
    failed_count += (size_t)((error != 0) - (link->error != 0));
    link->error = error;
}

static void set_shared(struct link *link, int is_shared)
{
    shared_count += (size_t)(is_shared - link->is_shared);
    link->is_shared = is_shared;
}

/* To be called when a tree was forgotten: other links may lead to it, too. */
static void lose_shared(void)
{
    for (struct link *link = links; link && shared_count > 0; link = link->next)
        if (link->is_shared)
            link_lose(link);
}

/* ---- The way ---- */

/* Path resolution by hand: `done` has no links in it, `rest` is still to be resolved. */
struct way {
    struct link *link;
    char done[PATH_MAX], rest[PATH_MAX];
    int links;
};

/* Takes the first name off the rest. Returns 0 if there is none, or it is too long. */
static int next_name(struct way *way, char *name)
{
    const char *start = way->rest + strspn(way->rest, "/");
    size_t length = strcspn(start, "/");

    if (length == 0 || length > NAME_MAX)
        return 0;
    memcpy(name, start, length);
    name[length] = '\0';
    memmove(way->rest, start + length, strlen(start + length) + 1);
    return 1;
}

static void copy(char *to, const char *text)
{
    memcpy(to, text, strlen(text) + 1);
}

static int append(char *path, const char *name)
{
    size_t length = strlen(path);
    int with_slash = length > 0 && path[length - 1] != '/';

    if (length + strlen(name) + 2 > PATH_MAX)
        return 0;
    if (with_slash)
        path[length++] = '/';
    copy(path + length, name);
    return 1;
}

/* Puts the text of the link in front of the rest. Returns 0 if it cannot be followed. */
static int follow(struct way *way, const char *path)
{
    char text[PATH_MAX];
    ssize_t length = readlinkat(AT_FDCWD, path, text, sizeof text - 1);

    if (length < 0 || ++way->links > MOST_LINKS)
        return 0;
    text[length] = '\0';
    if (*text == '/')
        copy(way->done, "/");
    if (!append(text, way->rest))
        return 0;
    copy(way->rest, text);
    return 1;
}

static int watch_name(struct way *way, const char *name, int what)
{
    struct folder *folder = folder_watch(*way->done ? way->done : ".");

    if (folder)
        add_name(way->link, folder, name, what);
    return folder != NULL;
}

static enum target fail(struct way *way)
{
    set_error(way->link, errno ? errno : ELOOP);
    return TO_NOTHING;
}

enum { A_FOLDER = MISSING + 1 };

/* What is at the path: A_LINK, A_FILE, MISSING or A_FOLDER; -1 with errno. */
static int look(const char *path, ino_t *inode)
{
    struct stat status;

    *inode = 0;
    if (lstat(path, &status) < 0)
        return errno == ENOENT || errno == ENOTDIR ? MISSING : -1;
    *inode = status.st_ino;
    return S_ISDIR(status.st_mode) ? A_FOLDER : S_ISLNK(status.st_mode) ? A_LINK : A_FILE;
}

static enum target walk(struct way *way)
{
    char name[NAME_MAX + 1], path[PATH_MAX];
    ino_t inode, inode_now;

    while (next_name(way, name)) {
        int what;
        copy(path, way->done);
        errno = 0;
        if (!append(path, name) || (what = look(path, &inode)) < 0)
            return fail(way);
        if (what == A_FOLDER) {
            copy(way->done, path);
            continue;
        }
        if (!watch_name(way, name, what))
            return fail(way);
        if (look(path, &inode_now) != what || inode != inode_now)
            link_lose(way->link); /* it came, went or was replaced before it was watched */
        if (what != A_LINK)
            return what == A_FILE ? TO_FILE : TO_NOTHING;
        if (!follow(way, path))
            return fail(way);
    }
    return TO_FOLDER;
}

static enum target find_target(struct link *link)
{
    struct way way = {.link = link};

    set_error(link, 0);
    if (strlen(link->path) >= sizeof way.rest)
        return fail(&way);
    copy(way.rest, link->path);
    if (*link->path == '/')
        copy(way.done, "/");
    return walk(&way);
}

/* ---- Following ---- */

static int is_link(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static void forget_tree(struct link *link)
{
    struct folder *tree = link->tree;

    if (!tree)
        return;
    link->tree = NULL;
    tree->link = NULL;
    folder_forget(tree);
    lose_shared();
}

static void set_tree(struct link *link, void (*changed)(const char *path))
{
    struct folder *folder;

    if (link->target != TO_FOLDER || (!link->is_named && link_is_loop(link->path))) {
        forget_tree(link);
        return;
    }
    folder = folder_watch(link->path);
    if (folder && folder == link->tree)
        return;
    forget_tree(link);
    folder = folder_add_tree(link->path, link, link->is_named || link->names ? changed : NULL);
    if (!folder)
        set_error(link, errno);
    else if (folder->link == link)
        link->tree = folder;
    else
        set_shared(link, 1);
}

static void discard(struct link *link)
{
    set_error(link, 0);
    set_shared(link, 0);
    forget_tree(link);
    discard_names(link->names);
    if (link->next)
        link->next->previous = link->previous;
    if (link->previous)
        link->previous->next = link->next;
    else
        links = link->next;
    free(link->path);
    free(link);
}

static void follow_again(struct link *link, void (*changed)(const char *path))
{
    struct name *old_names = link->names;
    enum target before = link->target;
    int had_tree = link->tree != NULL;

    if (!link->is_named && !is_link(link->path)) {
        discard(link);
        return;
    }
    set_shared(link, 0);
    link->names = NULL;
    link->target = find_target(link);
    discard_names(old_names);
    set_tree(link, had_tree ? NULL : changed); /* if it leads elsewhere now, that was told */
    if (changed && before == TO_NOTHING && link->target == TO_FILE)
        changed(link->path);
}

void links_follow_lost(void (*changed)(const char *path))
{
    while (lost) {
        struct link *link = lost;
        lost = link->next_lost;
        link->is_lost = 0;
        follow_again(link, changed);
    }
}

void links_look(const struct timespec *since, void (*changed)(const char *path))
{
    struct stat status;

    for (struct link *link = links; link; link = link->next)
        if (link->target == TO_FILE &&
            (stat(link->path, &status) < 0 || seen_since(&status, since)))
            changed(link->path);
}

/* ---- Adding ---- */

static struct link *add(const char *path, size_t above)
{
    struct link *link = allocated(calloc(1, sizeof *link));

    link->path = allocated(strdup(path));
    link->above = above;
    link->next = links;
    if (links)
        links->previous = link;
    links = link;
    link_lose(link);
    return link;
}

/* "./src/" is the same as "src". */
void link_add_named(const char *path)
{
    size_t length;
    struct link *link;

    while (strncmp(path, "./", 2) == 0 && path[2] != '\0')
        for (path += 2; *path == '/' && path[1] != '\0'; path++) {
        }
    link = add(path, 0);
    for (length = strlen(path); length > 1 && path[length - 1] == '/';)
        link->path[--length] = '\0';
    link->above = strcmp(link->path, ".") == 0 || strcmp(link->path, "/") == 0 ? 0 : length + 1;
    link->above += strcmp(link->path, "/") == 0;
    link->is_named = 1;
    links_follow_lost(NULL);
    if (link->error || link->target == TO_NOTHING)
        die(EXIT_CANNOT_OPEN, "cannot watch %s: %s", path,
            folder_why_not(link->error ? link->error : ENOENT));
}

void link_add_found(const struct folder *folder, const char *name)
{
    size_t above;
    const char *path = folder_path(folder, name, &above);

    for (struct name *known = name_find(folder, name); known; known = name_next(known))
        if (strcmp(known->link->path, path) == 0)
            return;
    add(path, above);
}
#else
typedef int links_are_for_linux;
#endif
