/* SPDX-License-Identifier: MIT
 * Things found by a path, in constant time. */
#ifndef SYSTEMFD_PATH_TABLE_H
#define SYSTEMFD_PATH_TABLE_H

#include <stddef.h>

/* Each thing is a structure that begins with its path: const char *path. */
struct path_table {
    void **slots; /* NULL: free; their number is a power of two */
    size_t room, count;
};

/* NULL: there is none. */
void *path_table_find(const struct path_table *table, const char *path);

/* A new one of that size, all zero but for its path, which was not there. It stays where it is
 * until it is removed. */
void *path_table_add(struct path_table *table, const char *path, size_t size);

void path_table_remove(struct path_table *table, const char *path);
void path_table_clear(struct path_table *table);

#endif
