/* SPDX-License-Identifier: MIT
 * A table of things that are found by a path. Their keys are made of the paths. */
#ifndef SYSTEMFD_PATH_TABLE_H
#define SYSTEMFD_PATH_TABLE_H

#include "table.h"

/* The first member of everything that is in such a table, or all of it. */
struct path_item {
    struct item item;
    const char *path;
};

/* The thing with that path, or NULL. */
void *path_table_find(const struct table *table, const char *path);

/* Adds a thing of that size, all zero except for its path_item. The path, which is copied, must not
 * be in the table yet. The thing stays at its address until it is removed. */
void *path_table_add(struct table *table, const char *path, size_t size);

/* Removes and frees the thing with that path, if there is one. */
void path_table_remove(struct table *table, const char *path);

#endif
