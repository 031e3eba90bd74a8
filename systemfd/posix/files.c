/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* DT_DIR */
#endif
#include "devserver/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int file_is_link(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static int is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Asks only once, as our streams keep going to the same file. */
static const struct stat *own_output(int fd)
{
    static struct stat status[2];
    static int known[2];
    int index = fd == STDERR_FILENO;

    if (!known[index] && fstat(fd, &status[index]) < 0)
        memset(&status[index], 0, sizeof status[index]);
    known[index] = 1;
    return S_ISREG(status[index].st_mode) ? &status[index] : NULL;
}

int file_is_own_output(const char *path)
{
    const struct stat *out = own_output(STDOUT_FILENO), *err = own_output(STDERR_FILENO);
    struct stat status;

    return (out || err) && stat(path, &status) == 0 &&
           ((out && is_same_file(&status, out)) || (err && is_same_file(&status, err)));
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
    struct look look = {.size = status->st_size,
                        .device = (unsigned long long)status->st_dev,
                        .identity = status->st_ino,
                        .executable = (status->st_mode & 0111) != 0};
#ifdef __APPLE__
    const struct timespec *modified = &status->st_mtimespec;
#else
    const struct timespec *modified = &status->st_mtim;
#endif

    if (S_ISDIR(status->st_mode))
        look.kind = FOLDER_KIND;
    else if (S_ISREG(status->st_mode))
        look.kind = FILE_KIND;
    else if (S_ISLNK(status->st_mode))
        look.kind = LINK_KIND;
    look.modified = (long long)modified->tv_sec * 1000000000 + modified->tv_nsec;
    return look;
}

struct look file_look(const char *path)
{
    struct look nothing = {.kind = NOTHING};
    struct stat status;

    return stat(path, &status) == 0 ? look_of(&status) : nothing;
}

int link_is_loop(const char *path)
{
    char place[PATH_MAX], folder[PATH_MAX], target[PATH_MAX];
    size_t length = strlen(path);
    char *slash;

    if (length >= sizeof place)
        return 0;
    memcpy(place, path, length + 1);
    slash = strrchr(place, '/');
    if (slash)
        slash[slash == place] = '\0';
    if (!realpath(slash ? place : ".", folder) || !realpath(path, target))
        return 0;
    length = strcmp(target, "/") == 0 ? 0 : strlen(target);
    return strncmp(folder, target, length) == 0 &&
           (folder[length] == '/' || folder[length] == '\0');
}

/* struct folder is a DIR here. */
struct folder *folder_open(const char *path)
{
    return (struct folder *)opendir(path);
}

/* On most file systems d_type tells a folder without another call (readdir(3)). */
static int is_folder_by_type(const struct dirent *entry)
{
#ifdef DT_DIR
    return entry->d_type == DT_DIR;
#else
    (void)entry;
    return 0;
#endif
}

const char *folder_next(struct folder *folder, struct look *look)
{
    DIR *stream = (DIR *)folder;
    struct stat status;
    struct dirent *entry;

    while (folder && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (is_folder_by_type(entry))
            *look = (struct look){.kind = FOLDER_KIND};
        else if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            *look = look_of(&status);
        else
            continue;
        return entry->d_name;
    }
    return NULL;
}

void folder_close(struct folder *folder)
{
    if (folder)
        closedir((DIR *)folder);
}
