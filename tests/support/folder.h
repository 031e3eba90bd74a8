/* SPDX-License-Identifier: MIT
 * A temporary folder for one test. */
#ifndef FOLDER_H
#define FOLDER_H

/* Returns its path, which is short enough for unix sockets in it; for folder_remove. */
char *folder_create(void);

/* Removes the folder with all in it, and frees the path. */
void folder_remove(char *folder);

/* "folder/name", for free(). */
char *path_in(const char *folder, const char *name);

/* Writes a file, overwriting an old one. */
void write_file(const char *path, const char *text);

#endif
