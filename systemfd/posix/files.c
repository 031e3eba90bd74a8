/* SPDX-License-Identifier: MIT */
#include "devserver/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

FILE *file_open(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
        return NULL;
    return fopen(path, "rb");
}

static struct look look_of(const struct stat *status)
{
    struct look look = {NOTHING, 0, status->st_size, status->st_ino};
#ifdef __APPLE__
    const struct timespec *modified = &status->st_mtimespec;
#else
    const struct timespec *modified = &status->st_mtim;
#endif

    if (S_ISDIR(status->st_mode))
        look.kind = FOLDER_KIND;
    else if (S_ISREG(status->st_mode) || S_ISLNK(status->st_mode))
        look.kind = FILE_KIND;
    look.modified = (long long)modified->tv_sec * 1000000000 + modified->tv_nsec;
    return look;
}

struct look file_look(const char *path)
{
    struct look nothing = {NOTHING, 0, 0, 0};
    struct stat status;

    return stat(path, &status) == 0 ? look_of(&status) : nothing;
}

/* A DIR under another name. */
struct folder *folder_open(const char *path)
{
    return (struct folder *)opendir(path);
}

const char *folder_next(struct folder *folder, struct look *look)
{
    DIR *stream = (DIR *)folder;
    struct stat status;
    struct dirent *entry;

    while (folder && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        *look = look_of(&status);
        return entry->d_name;
    }
    return NULL;
}

void folder_close(struct folder *folder)
{
    if (folder)
        closedir((DIR *)folder);
}
