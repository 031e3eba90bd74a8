/* SPDX-License-Identifier: MIT
 * Files and folders, on Windows by UTF-8 paths (win32/files.c). */
#ifndef SYSTEMFD_FILES_H
#define SYSTEMFD_FILES_H

#include <stdio.h>

enum kind { NOTHING, FILE_KIND, FOLDER_KIND, LINK_KIND };

/* What shows that a file was replaced, or its content changed. */
struct look {
    enum kind kind; /* pipes, sockets and devices are NOTHING; Windows has no links here */
    long long modified, size;
    unsigned long long device, identity; /* of a folder, only by file_look */
    int executable;
};

int file_exists(const char *path);
int file_is_link(const char *path);

/* Is it the file that our standard output or error goes to? */
int file_is_own_output(const char *path);

/* A regular file that is not empty, to read; NULL for anything else. */
FILE *file_open(const char *path);

/* What is there; links are followed. */
struct look file_look(const char *path);

/* Does the link lead to a folder that it is in, however deep? */
int link_is_loop(const char *path);

/* The names in a folder, one by one, links not followed; NULL at the end. A folder that cannot be
 * opened is NULL, and counts as empty. */
struct folder *folder_open(const char *path);
const char *folder_next(struct folder *folder, struct look *look);
void folder_close(struct folder *folder);

#endif
