/* SPDX-License-Identifier: MIT
 * A hash table, which finds things by a number. */
#ifndef SYSTEMFD_TABLE_H
#define SYSTEMFD_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* The first member of everything that is in a table. */
struct item {
    uint64_t key;
    struct item *next;
};

/* A table that is all zeros is empty. */
struct table {
    struct item **buckets;
    size_t room, count;
};

/* Adds an item. Several items may have the same key. Exits when out of memory. */
void table_add(struct table *table, struct item *item, uint64_t key);

/* Removes an item, which must be in the table. Does not free it. */
void table_remove(struct table *table, struct item *item);

/* The first item with that key, or NULL. */
struct item *table_find(const struct table *table, uint64_t key);

/* The next item with the same key, or NULL. */
struct item *table_next(const struct item *item);

/* The item after that one, in no special order; after NULL the first one, after the last NULL. */
struct item *table_after(const struct table *table, const struct item *item);

/* Frees all items and empties the table. */
void table_clear(struct table *table);

/* A key that is made of a number and a text (FNV-1a). */
uint64_t table_key(uint64_t number, const char *text);

#endif
