/* SPDX-License-Identifier: MIT */
#include "directory_changes.h"

#include "events.h"
#include "devserver/files.h"
#include "devserver/watch.h"
#include "wide.h"

#include <stdlib.h>
#include <string.h>

/* A watched folder: one that --watch names, or the folder of a file that it names. */
struct root {
    struct source source;
    wchar_t *folder;
    int with_folders; /* also everything below it */
    HANDLE handle;    /* NULL: the folder is not there */
    OVERLAPPED operation;
    DWORD notes[1024]; /* DWORDs for the alignment; the notes are not read */
};

static struct root *roots;
static size_t root_count;

static void close_root(struct root *root)
{
    CloseHandle(root->handle);
    root->handle = NULL;
}

static void read_on(struct root *root)
{
    const DWORD kinds = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME |
                        FILE_NOTIFY_CHANGE_LAST_WRITE | FILE_NOTIFY_CHANGE_SIZE;

    ZeroMemory(&root->operation, sizeof root->operation);
    if (!ReadDirectoryChangesW(root->handle, root->notes, sizeof root->notes, root->with_folders,
                               kinds, NULL, &root->operation, NULL))
        close_root(root);
}

/* Closes the handle once the folder is gone: no more notes come from it, and while it is open the
 * folder's name cannot be used again. */
static void told(struct source *source, DWORD length, int ok)
{
    struct root *root = (struct root *)source;

    (void)length; /* 0 means that there were more notes than fit */
    watch_wake();
    if (ok)
        read_on(root);
    else
        close_root(root);
}

static void open_root(struct root *root)
{
    HANDLE handle = CreateFileW(
        root->folder, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);

    if (handle == INVALID_HANDLE_VALUE)
        return;
    root->handle = handle;
    if (events_watch(handle, &root->source))
        read_on(root);
    else
        close_root(root);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 0; /* with the slash: "C:/" is not "C:" */
    char *folder = allocated(malloc(length + 2));

    memcpy(folder, path, length);
    if (length == 0)
        folder[length++] = '.';
    folder[length] = '\0';
    return folder;
}

static void add_root(struct root *root, const char *path)
{
    root->with_folders = file_look(path).kind == FOLDER_KIND;
    if (root->with_folders) {
        root->folder = to_wide_path(path);
    } else {
        char *folder = folder_of(path);
        root->folder = to_wide_path(folder);
        free(folder);
    }
    root->source.told = told;
    open_root(root);
}

void directory_changes_open(const struct options *options)
{
    root_count = options->watch.count;
    roots = allocated(calloc(root_count + 1, sizeof *roots));
    for (size_t i = 0; i < root_count; i++)
        add_root(&roots[i], options->watch.list[i]);
}

void directory_changes_look_again(void)
{
    for (size_t i = 0; i < root_count; i++)
        if (!roots[i].handle)
            open_root(&roots[i]);
}
