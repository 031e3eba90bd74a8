/* SPDX-License-Identifier: MIT
 * Files and folders. On Windows, paths are in UTF-8 (win32/files.c). */
#ifndef SYSTEMFD_FILES_H
#define SYSTEMFD_FILES_H

#include <stdio.h>

enum kind { NOTHING, FILE_KIND, FOLDER_KIND, LINK_KIND };

/* If this differs, a file was replaced or its content has changed. */
struct look {
    enum kind kind; /* pipes, sockets and devices are NOTHING; no LINK_KIND on Windows */
    long long modified, size;
    unsigned long long device, identity; /* for folders, only file_look sets these */
    int executable;
};

int file_exists(const char *path);
int file_is_link(const char *path);

/* Does our standard output or error go to that file? */
int file_is_own_output(const char *path);

/* Opens a regular file that is not empty, for reading; NULL for anything else. */
FILE *file_open(const char *path);

/* What is at that path; links are followed. */
struct look file_look(const char *path);

/* Does the link lead to a folder that contains it, at any depth? */
int link_is_loop(const char *path);

/* Opens a folder to read it; NULL if that fails. The two calls below take NULL for an empty
 * folder. */
struct folder *folder_open(const char *path);

/* The next name in the folder, valid until the next call, or NULL at the end. *look describes it;
 * links are not followed. */
const char *folder_next(struct folder *folder, struct look *look);

void folder_close(struct folder *folder);

#endif
