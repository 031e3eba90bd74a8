/* SPDX-License-Identifier: MIT
 * Things found by a path, in constant time: in a table whose keys are made of the paths. */
#ifndef SYSTEMFD_PATH_TABLE_H
#define SYSTEMFD_PATH_TABLE_H

#include "table.h"

/* The first member of what is found, or all of it. */
struct path_item {
    struct item item;
    const char *path;
};

/* NULL: there is none. */
void *path_table_find(const struct table *table, const char *path);

/* A new one of that size, all zero but for its item; its path was not there. It stays where it is
 * until it is removed. */
void *path_table_add(struct table *table, const char *path, size_t size);

void path_table_remove(struct table *table, const char *path);

#endif
