/* SPDX-License-Identifier: MIT */
#include "path_table.h"

#include "report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

static const char *path_of(const void *thing)
{
    return *(const char *const *)thing;
}

/* FNV-1a */
static size_t hash(const char *path)
{
    uint64_t sum = 0xcbf29ce484222325U;

    for (; *path != '\0'; path++)
        sum = (sum ^ (unsigned char)*path) * 0x100000001b3U;
    return (size_t)(sum ^ sum >> 32);
}

/* Where the path stands, or would. */
static size_t slot_of(const struct path_table *table, const char *path)
{
    size_t slot = hash(path) & (table->room - 1);

    while (table->slots[slot] && strcmp(path_of(table->slots[slot]), path) != 0)
        slot = (slot + 1) & (table->room - 1);
    return slot;
}

void *path_table_find(const struct path_table *table, const char *path)
{
    return table->room > 0 ? table->slots[slot_of(table, path)] : NULL;
}

static void grow(struct path_table *table)
{
    struct path_table larger = {NULL, table->room > 0 ? table->room * 2 : FIRST_ROOM, table->count};

    larger.slots = allocated(calloc(larger.room, sizeof *larger.slots));
    for (size_t i = 0; i < table->room; i++)
        if (table->slots[i])
            larger.slots[slot_of(&larger, path_of(table->slots[i]))] = table->slots[i];
    free(table->slots);
    *table = larger;
}

void *path_table_add(struct path_table *table, const char *path, size_t size)
{
    size_t length = strlen(path) + 1;
    char *thing = allocated(calloc(1, size + length));

    if (table->count * 2 >= table->room)
        grow(table);
    memcpy(thing + size, path, length);
    *(const char **)(void *)thing = thing + size;
    table->slots[slot_of(table, path)] = thing;
    table->count++;
    return thing;
}

/* What stood behind it because its place was taken moves up. */
static void close_gap(struct path_table *table, size_t gap)
{
    for (size_t next = (gap + 1) & (table->room - 1); table->slots[next];
         next = (next + 1) & (table->room - 1)) {
        void *thing = table->slots[next];
        table->slots[next] = NULL;
        table->slots[slot_of(table, path_of(thing))] = thing;
    }
}

void path_table_remove(struct path_table *table, const char *path)
{
    size_t slot;

    if (table->room == 0)
        return;
    slot = slot_of(table, path);
    if (!table->slots[slot])
        return;
    free(table->slots[slot]);
    table->slots[slot] = NULL;
    table->count--;
    close_gap(table, slot);
}

void path_table_clear(struct path_table *table)
{
    for (size_t i = 0; i < table->room; i++)
        free(table->slots[i]);
    free(table->slots);
    table->slots = NULL;
    table->room = table->count = 0;
}
