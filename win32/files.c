/* SPDX-License-Identifier: MIT */
#include "devserver/files.h"

#include "wide.h"

#include <fcntl.h>
#include <io.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

struct folder {
    HANDLE search;
    WIN32_FIND_DATAW data;
    int read; /* the entry in data has been returned */
    char *name;
};

static unsigned long long join(DWORD high, DWORD low)
{
    return (unsigned long long)high << 32 | low;
}

/* Only some reparse points are links (junctions, symbolic links) to something elsewhere; a folder
 * of cloud storage, say, is a folder like any other. tag is valid only for a reparse point
 * ([MS-FSCC] 2.1.2.1, IsReparseTagNameSurrogate). */
static int is_link(DWORD attributes, DWORD tag)
{
    return (attributes & FILE_ATTRIBUTE_REPARSE_POINT) && IsReparseTagNameSurrogate(tag);
}

/* A file that replaces another one differs from it in the time of creation, or of writing. */
static struct look look_of(int is_folder, FILETIME modified, FILETIME created, DWORD size_high,
                           DWORD size_low)
{
    struct look look = {.kind = FILE_KIND};

    if (is_folder)
        look.kind = FOLDER_KIND;
    look.modified = (long long)join(modified.dwHighDateTime, modified.dwLowDateTime);
    look.size = (long long)join(size_high, size_low);
    look.identity = join(created.dwHighDateTime, created.dwLowDateTime);
    return look;
}

/* Shares all access, so that a compiler's or an editor's rename does not fail meanwhile. */
static HANDLE open_shared(const char *path, DWORD access)
{
    wchar_t *wide = to_wide_path(path);
    HANDLE file =
        CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                    OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS /* folders, too */, NULL);

    free(wide);
    return file;
}

int file_exists(const char *path)
{
    wchar_t *wide = to_wide_path(path);
    DWORD attributes = GetFileAttributesW(wide);

    free(wide);
    return attributes != INVALID_FILE_ATTRIBUTES;
}

int file_is_link(const char *path)
{
    wchar_t *wide = to_wide_path(path);
    WIN32_FIND_DATAW data;
    HANDLE search = FindFirstFileW(wide, &data);

    free(wide);
    if (search == INVALID_HANDLE_VALUE)
        return 0;
    FindClose(search);
    return is_link(data.dwFileAttributes, data.dwReserved0);
}

static int identify(HANDLE file, BY_HANDLE_FILE_INFORMATION *info)
{
    return GetFileType(file) == FILE_TYPE_DISK && GetFileInformationByHandle(file, info);
}

static int is_same_file(const BY_HANDLE_FILE_INFORMATION *info, HANDLE file)
{
    BY_HANDLE_FILE_INFORMATION own;

    return identify(file, &own) && own.dwVolumeSerialNumber == info->dwVolumeSerialNumber &&
           own.nFileIndexHigh == info->nFileIndexHigh && own.nFileIndexLow == info->nFileIndexLow;
}

int file_is_own_output(const char *path)
{
    HANDLE file = open_shared(path, FILE_READ_ATTRIBUTES);
    BY_HANDLE_FILE_INFORMATION info;
    int same;

    if (file == INVALID_HANDLE_VALUE)
        return 0;
    same = identify(file, &info) && (is_same_file(&info, GetStdHandle(STD_OUTPUT_HANDLE)) ||
                                     is_same_file(&info, GetStdHandle(STD_ERROR_HANDLE)));
    CloseHandle(file);
    return same;
}

FILE *file_open(const char *path)
{
    struct look look = file_look(path);
    HANDLE handle;
    FILE *file;
    int fd;

    if (look.kind != FILE_KIND || look.size == 0)
        return NULL;
    handle = open_shared(path, GENERIC_READ);
    if (handle == INVALID_HANDLE_VALUE)
        return NULL;
    fd = _open_osfhandle((intptr_t)handle, _O_RDONLY);
    if (fd < 0) {
        CloseHandle(handle);
        return NULL;
    }
    file = _fdopen(fd, "rb");
    if (!file)
        _close(fd);
    return file;
}

/* Uses a handle, because the attributes of a path would be those of a link itself. */
struct look file_look(const char *path)
{
    struct look nothing = {.kind = NOTHING};
    HANDLE handle = open_shared(path, FILE_READ_ATTRIBUTES);
    BY_HANDLE_FILE_INFORMATION data;
    int found;

    if (handle == INVALID_HANDLE_VALUE)
        return nothing;
    found = GetFileType(handle) == FILE_TYPE_DISK && GetFileInformationByHandle(handle, &data);
    CloseHandle(handle);
    if (!found)
        return nothing;
    return look_of((data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0, data.ftLastWriteTime,
                   data.ftCreationTime, data.nFileSizeHigh, data.nFileSizeLow);
}

int link_is_loop(const char *path)
{
    (void)path;
    return 0;
}

struct folder *folder_open(const char *path)
{
    struct folder *folder = calloc(1, sizeof *folder);
    size_t size = strlen(path) + 3;
    char *pattern = malloc(size);
    wchar_t *wide = NULL;

    if (folder && pattern) {
        snprintf(pattern, size, "%s/*", path);
        wide = to_wide_path(pattern);
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
    *look = look_of((data->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) &&
                        !is_link(data->dwFileAttributes, data->dwReserved0),
                    data->ftLastWriteTime, data->ftCreationTime, data->nFileSizeHigh,
                    data->nFileSizeLow);
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
