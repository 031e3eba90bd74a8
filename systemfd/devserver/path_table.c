/* SPDX-License-Identifier: MIT */
#include "path_table.h"

#include "report.h"

#include <stdlib.h>
#include <string.h>

void *path_table_find(const struct table *table, const char *path)
{
    struct item *item = table_find(table, table_key(0, path));

    while (item && strcmp(((struct path_item *)item)->path, path) != 0)
        item = table_next(item);
    return item;
}

void *path_table_add(struct table *table, const char *path, size_t size)
{
    size_t length = strlen(path) + 1;
    struct path_item *thing = allocated(calloc(1, size + length));

    thing->path = memcpy((char *)thing + size, path, length);
    table_add(table, &thing->item, table_key(0, path));
    return thing;
}

void path_table_remove(struct table *table, const char *path)
{
    struct item *item = path_table_find(table, path);

    if (!item)
        return;
    table_remove(table, item);
    free(item);
}
