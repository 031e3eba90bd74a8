/* SPDX-License-Identifier: MIT */
#include "git_lists.h"

#include "clock.h"
#include "devserver/files.h"
#include "devserver/git.h"
#include "devserver/ignore.h"
#include "devserver/path_table.h"
#include "git_command.h"
#include "git_listing.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    LISTING_MS = 2000, /* for all listings of one folder that is watched */
    PAUSE_MS = 1000,   /* from one listing of all folders to the next */
    MOST_LISTED = 100000
};

/* Paths, and nothing more. */
static struct table ignored, tracked, ignored_roots;
static struct table ignored_before; /* before the rules changed, until all is listed again */

/* git walks the whole tree for this listing, so it goes on while other things are done. */
static struct git_listing what_is_ignored;
static struct table tracked_folders; /* those are not ignored, which is known before its end */
static long long deadline;

/* The folder of the tracked file that was taken last. */
static char last_folder[4096];

static const struct options *options;
static int is_slow; /* git is not asked for lists again, as systemfd would wait for it each time */
static int are_outdated, less_is_ignored;
static long long listed_at;

/* ---- What it answers ---- */

static void remember(struct table *table, const char *path)
{
    if (table->count < MOST_LISTED && !path_table_find(table, path))
        path_table_add(table, path, sizeof(struct path_item));
}

static void take_ignored(const char *root, const char *name)
{
    char *path = git_join(root, name);
    size_t length = strlen(path);

    if (length > 0 && path[length - 1] == '/')
        path[length - 1] = '\0';
    remember(&ignored, path);
    free(path);
}

/* Adds the folders below the root that contain the file, up to one that is known already. */
static void remember_folders(struct table *table, const char *root, const char *name)
{
    size_t least = strcmp(root, ".") == 0 ? 0 : strlen(root);
    char *path = git_join(root, name), *slash;

    while ((slash = strrchr(path, '/')) != NULL && (size_t)(slash - path) > least) {
        *slash = '\0';
        if (path_table_find(table, path))
            break;
        remember(table, path);
    }
    free(path);
}

/* Is it in the same folder as the last one? Usually it is, since git lists one folder after the
 * other. Remembers its folder. */
static int is_in_last_folder(const char *name)
{
    const char *slash = strrchr(name, '/');
    size_t length = slash ? (size_t)(slash - name) : 0;

    if (length >= sizeof last_folder)
        return 0;
    if (strncmp(last_folder, name, length) == 0 && last_folder[length] == '\0')
        return 1;
    memcpy(last_folder, name, length);
    last_folder[length] = '\0';
    return 0;
}

/* Remembers tracked files that the defaults would ignore, and the folders that lead to them. */
static void take_tracked(const char *root, const char *name)
{
    char *path;

    if (!options->no_gitignore && !is_in_last_folder(name))
        remember_folders(&tracked_folders, root, name);
    if (!is_ignored_by_default(name))
        return;
    path = git_join(root, name);
    remember(&tracked, path);
    free(path);
    remember_folders(&tracked, root, name);
}

/* ---- All of them ---- */

static void complain(const char *folder, int status)
{
    if (status == 127)
        report("there is no git here: what it would ignore counts");
    else if (status != 0)
        report("git does not answer in %s (what does 'git status' say?): what it ignores counts",
               folder);
}

void git_finish_lists(void)
{
    if (what_is_ignored.pid > 0) {
        git_listings_read(&what_is_ignored, 1, deadline);
        is_slow |= what_is_ignored.fd >= 0;
        git_listing_finish(&what_is_ignored);
    }
    table_clear(&tracked_folders);
}

/* Asks git about one folder. What it ignores is left to be read later. */
static void list(const char *root)
{
    static const char *const ls_tracked[] = {"ls-files", "-z", NULL};
    static const char *const ls_ignored[] = {
        "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z", NULL};
    static const char *const is_root_ignored[] = {"check-ignore", "-q", ".", NULL};
    struct git_listing listings[2];
    size_t count = options->no_gitignore ? 1 : 2;

    git_finish_lists();
    *last_folder = '\0';
    deadline = now_ms() + LISTING_MS;
    git_listing_start(&listings[0], root, take_tracked, ls_tracked);
    if (count > 1) {
        git_listing_start(&listings[1], root, NULL, is_root_ignored);
        git_listing_start(&what_is_ignored, root, take_ignored, ls_ignored);
    }
    git_listings_read(listings, count, deadline);
    is_slow |= listings[0].fd >= 0;
    if (count > 1 && git_listing_finish(&listings[1]) == 0)
        remember(&ignored_roots, root);
    complain(root, git_listing_finish(&listings[0]));
}

/* "src" for "./src/", as reports show it. The caller frees it. */
static char *plain(const char *path)
{
    char *copy;
    size_t length;

    while (strncmp(path, "./", 2) == 0 && path[2] != '\0')
        for (path += 2; *path == '/' && path[1] != '\0'; path++) {
        }
    copy = allocated(strdup(path));
    length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    return copy;
}

static void list_all(void)
{
    for (size_t i = 0; i < options->watch.count; i++) {
        char *root = plain(options->watch.list[i]), *real = realpath(root, NULL);
        char *tree = real && file_look(root).kind == FOLDER_KIND ? git_find_tree(real) : NULL;
        if (tree)
            list(root);
        free(tree);
        free(real);
        free(root);
    }
    listed_at = now_ms();
}

void git_lists_open(const struct options *given)
{
    options = given;
    list_all();
}

/* ---- Again ---- */

/* Until all is listed again, git is asked about each file. */
void git_lists_are_outdated(void)
{
    if (options->no_gitignore || are_outdated)
        return;
    git_finish_lists();
    table_clear(&ignored_before);
    ignored_before = ignored;
    ignored = (struct table){0};
    are_outdated = !is_slow;
}

int git_lists_timeout(void)
{
    return what_is_ignored.pid > 0 ? until(deadline)
           : are_outdated          ? until(listed_at + PAUSE_MS)
                                   : -1;
}

static int is_less_ignored(void)
{
    struct item *item = NULL;

    while ((item = table_after(&ignored_before, item)) != NULL)
        if (!path_table_find(&ignored, ((struct path_item *)item)->path))
            return 1;
    return 0;
}

static void list_again(void)
{
    table_clear(&tracked);
    table_clear(&ignored_roots);
    list_all();
    git_finish_lists();
    less_is_ignored |= is_less_ignored();
    table_clear(&ignored_before);
    are_outdated = 0;
}

void git_lists_look(void)
{
    if (what_is_ignored.pid > 0 && what_is_ignored.fd >= 0)
        git_listing_read(&what_is_ignored);
    if (what_is_ignored.pid > 0 && (what_is_ignored.fd < 0 || until(deadline) == 0))
        git_finish_lists();
    if (are_outdated && git_lists_timeout() == 0)
        list_again();
}

size_t git_lists_poll(struct pollfd *entry)
{
    if (what_is_ignored.pid == 0 || what_is_ignored.fd < 0)
        return 0;
    *entry = (struct pollfd){.fd = what_is_ignored.fd, .events = POLLIN};
    return 1;
}

int git_lists_ended(long pid)
{
    what_is_ignored.is_reaped |= what_is_ignored.pid == pid;
    return what_is_ignored.pid == pid;
}

int git_ignores_less(void)
{
    return less_is_ignored;
}

void git_ignores_less_is_known(void)
{
    less_is_ignored = 0;
}

/* ---- Looking it up ---- */

static int is_below(const char *path, const char *root)
{
    size_t length = strlen(root);

    return strcmp(root, ".") == 0 ? *path != '/'
                                  : strncmp(path, root, length) == 0 && path[length] == '/';
}

int git_is_in_ignored_root(const char *path)
{
    struct item *root = NULL;

    while ((root = table_after(&ignored_roots, root)) != NULL)
        if (is_below(path, ((struct path_item *)root)->path))
            return 1;
    return 0;
}

/* git does not list a folder as ignored if it tracks something in it. */
int git_is_listing(const char *folder)
{
    return what_is_ignored.pid > 0 && !path_table_find(&tracked_folders, folder);
}

int git_lists_as_ignored(const char *path)
{
    if (git_is_listing(path))
        git_finish_lists();
    return path_table_find(&ignored, path) != NULL;
}

int git_tracks(const char *path)
{
    return path_table_find(&tracked, path) != NULL;
}
