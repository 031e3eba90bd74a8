/* SPDX-License-Identifier: MIT
 * Finds things by a number, in constant time. */
#ifndef SYSTEMFD_TABLE_H
#define SYSTEMFD_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* The first member of what is found. */
struct item {
    uint64_t key;
    struct item *next;
};

/* Empty when it is all zeros. */
struct table {
    struct item **buckets;
    size_t room, count;
};

/* Exits with a message when there is no memory. Several may have the same key. */
void table_add(struct table *table, struct item *item, uint64_t key);
void table_remove(struct table *table, struct item *item);

/* The first one with that key, and the next one; NULL: there is none. */
struct item *table_find(const struct table *table, uint64_t key);
struct item *table_next(const struct item *item);

/* All, one after the other: the first one after NULL; NULL after the last one. */
struct item *table_after(const struct table *table, const struct item *item);

/* Frees all. */
void table_clear(struct table *table);

/* A key for that text, which is different for each number (FNV-1a). */
uint64_t table_key(uint64_t number, const char *text);

#endif
