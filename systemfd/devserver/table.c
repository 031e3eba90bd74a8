/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "report.h"

#include <stdlib.h>

enum { LEAST_ROOM = 64 };

/* Keys may count up, or differ in any of their bits (Knuth, multiplicative hashing). */
static size_t index_of(const struct table *table, uint64_t key)
{
    return (size_t)((key * 0x9e3779b97f4a7c15U) >> 32) & (table->room - 1);
}

static struct item **bucket_of(const struct table *table, uint64_t key)
{
    return &table->buckets[index_of(table, key)];
}

static void put(struct table *table, struct item *item)
{
    struct item **bucket = bucket_of(table, item->key);

    item->next = *bucket;
    *bucket = item;
}

static void grow(struct table *table)
{
    struct table old = *table;

    table->room = old.room ? old.room * 2 : LEAST_ROOM;
    table->buckets = allocated(calloc(table->room, sizeof(struct item *)));
    for (size_t i = 0; i < old.room; i++)
        for (struct item *item = old.buckets[i], *next; item; item = next) {
            next = item->next;
            put(table, item);
        }
    free(old.buckets);
}

void table_add(struct table *table, struct item *item, uint64_t key)
{
    if (table->count == table->room)
        grow(table);
    table->count++;
    item->key = key;
    put(table, item);
}

void table_remove(struct table *table, struct item *item)
{
    struct item **link = bucket_of(table, item->key);

    while (*link != item)
        link = &(*link)->next;
    *link = item->next;
    table->count--;
}

static struct item *with_key(struct item *item, uint64_t key)
{
    while (item && item->key != key)
        item = item->next;
    return item;
}

struct item *table_find(const struct table *table, uint64_t key)
{
    return table->count > 0 ? with_key(*bucket_of(table, key), key) : NULL;
}

struct item *table_next(const struct item *item)
{
    return with_key(item->next, item->key);
}

struct item *table_after(const struct table *table, const struct item *item)
{
    size_t i = item ? index_of(table, item->key) + 1 : 0;

    if (item && item->next)
        return item->next;
    while (i < table->room && !table->buckets[i])
        i++;
    return i < table->room ? table->buckets[i] : NULL;
}

void table_clear(struct table *table)
{
    struct item *item, *next;

    for (item = table_after(table, NULL); item; item = next) {
        next = table_after(table, item);
        free(item);
    }
    free(table->buckets);
    *table = (struct table){0};
}

uint64_t table_key(uint64_t number, const char *text)
{
    uint64_t hash = 0xcbf29ce484222325U ^ (number * 0x9e3779b97f4a7c15U);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3U;
    return hash;
}
