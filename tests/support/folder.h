/* SPDX-License-Identifier: MIT
 * A temporary folder for one test. */
#ifndef FOLDER_H
#define FOLDER_H

/* Its path, short enough for unix sockets below it, for folder_remove. */
char *folder_create(void);
void folder_remove(char *folder);

/* "folder/name", for free(). */
char *path_in(const char *folder, const char *name);

/* Writes a file anew. */
void write_file(const char *path, const char *text);

#endif
