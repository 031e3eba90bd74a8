/* SPDX-License-Identifier: MIT */
#include "devserver/files.h"

#include "wide.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

struct folder {
    HANDLE search;
    WIN32_FIND_DATAW data;
    int read; /* the entry in data was returned already */
    char *name;
};

static unsigned long long join(DWORD high, DWORD low)
{
    return (unsigned long long)high << 32 | low;
}

/* A file that replaces another one has its own time of creation, or of writing. */
static struct look look_of(DWORD attributes, FILETIME modified, FILETIME created, DWORD size_high,
                           DWORD size_low)
{
    struct look look = {FILE_KIND, 0, 0, 0};

    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) && !(attributes & FILE_ATTRIBUTE_REPARSE_POINT))
        look.kind = FOLDER_KIND;
    look.modified = (long long)join(modified.dwHighDateTime, modified.dwLowDateTime);
    look.size = (long long)join(size_high, size_low);
    look.identity = join(created.dwHighDateTime, created.dwLowDateTime);
    return look;
}

static int read_attributes(const char *path, WIN32_FILE_ATTRIBUTE_DATA *data)
{
    wchar_t *wide = to_wide(path);
    int found = GetFileAttributesExW(wide, GetFileExInfoStandard, data);

    free(wide);
    return found;
}

int file_exists(const char *path)
{
    WIN32_FILE_ATTRIBUTE_DATA data;

    return read_attributes(path, &data);
}

FILE *file_open(const char *path)
{
    struct look look = file_look(path);
    wchar_t *wide;
    FILE *file;

    if (look.kind != FILE_KIND || look.size == 0)
        return NULL;
    wide = to_wide(path);
    file = _wfopen(wide, L"rb");
    free(wide);
    return file;
}

struct look file_look(const char *path)
{
    struct look nothing = {NOTHING, 0, 0, 0};
    WIN32_FILE_ATTRIBUTE_DATA data;

    if (!read_attributes(path, &data))
        return nothing;
    return look_of(data.dwFileAttributes & ~(DWORD)FILE_ATTRIBUTE_REPARSE_POINT,
                   data.ftLastWriteTime, data.ftCreationTime, data.nFileSizeHigh,
                   data.nFileSizeLow);
}

struct folder *folder_open(const char *path)
{
    struct folder *folder = calloc(1, sizeof *folder);
    size_t size = strlen(path) + 3;
    char *pattern = malloc(size);
    wchar_t *wide = NULL;

    if (folder && pattern) {
        snprintf(pattern, size, "%s/*", path);
        wide = to_wide(pattern);
        folder->search = FindFirstFileW(wide, &folder->data);
    }
    if (folder && (!pattern || folder->search == INVALID_HANDLE_VALUE)) {
        free(folder);
        folder = NULL;
    }
    free(pattern);
    free(wide);
    return folder;
}

static int is_dots(const wchar_t *name)
{
    return wcscmp(name, L".") == 0 || wcscmp(name, L"..") == 0;
}

const char *folder_next(struct folder *folder, struct look *look)
{
    const WIN32_FIND_DATAW *data;

    if (!folder)
        return NULL;
    data = &folder->data;
    while (folder->read || is_dots(data->cFileName)) {
        if (!FindNextFileW(folder->search, &folder->data))
            return NULL;
        folder->read = 0;
    }
    folder->read = 1;
    *look = look_of(data->dwFileAttributes, data->ftLastWriteTime, data->ftCreationTime,
                    data->nFileSizeHigh, data->nFileSizeLow);
    free(folder->name);
    folder->name = to_utf8(data->cFileName);
    return folder->name;
}

void folder_close(struct folder *folder)
{
    if (!folder)
        return;
    FindClose(folder->search);
    free(folder->name);
    free(folder);
}
