/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include "clock.h"
#include "watcher.h"

#include <stdlib.h>

/* The first one that suits a path watches it. */
static const struct watcher *const watchers[] = {
#ifdef __linux__
    &inotify_watcher,
#endif
    &scanner,
};

enum { WATCHERS = sizeof watchers / sizeof watchers[0] };

static struct arguments paths[WATCHERS];
static void (*tell_new)(const char *path);

void watch_tell_new(void (*is_new)(const char *path))
{
    tell_new = is_new;
}

void watcher_tell_new(const char *path)
{
    if (tell_new)
        tell_new(path);
}

static struct arguments *paths_for(const struct options *options, const char *path)
{
    size_t i = 0;

    while (i + 1 < WATCHERS && !watchers[i]->suits(options, path))
        i++;
    return &paths[i];
}

void watch_open(const struct options *options)
{
    for (size_t i = 0; i < WATCHERS; i++)
        paths[i].list = allocated(calloc(options->watch.count + 1, sizeof *paths[i].list));
    for (size_t i = 0; i < options->watch.count; i++) {
        struct arguments *list = paths_for(options, options->watch.list[i]);
        list->list[list->count++] = options->watch.list[i];
    }
    for (size_t i = 0; i < WATCHERS; i++)
        if (paths[i].count > 0)
            watchers[i]->open(options, &paths[i]);
}

int watch_descriptor(void)
{
    return watchers[0]->descriptor();
}

int watch_timeout(void)
{
    int wait = -1;

    for (size_t i = 0; i < WATCHERS; i++)
        if (paths[i].count > 0)
            wait = earlier(wait, watchers[i]->timeout());
    return wait;
}

void watch_wake(void)
{
    for (size_t i = 0; i < WATCHERS; i++)
        watchers[i]->wake();
}

void watch_modes(void)
{
    for (size_t i = 0; i < WATCHERS; i++)
        watchers[i]->modes();
}

/* A look at a watcher with a descriptor costs nothing. */
static int is_due(size_t i)
{
    return paths[i].count > 0 && (watchers[i]->descriptor() >= 0 || watchers[i]->timeout() == 0);
}

int watch_is_due(void)
{
    for (size_t i = 0; i < WATCHERS; i++)
        if (is_due(i))
            return 1;
    return 0;
}

void watch_read(void (*changed)(const char *path))
{
    for (size_t i = 0; i < WATCHERS; i++)
        if (paths[i].count > 0)
            watchers[i]->read(changed);
}

void watch_read_due(void (*changed)(const char *path))
{
    for (size_t i = 0; i < WATCHERS; i++)
        if (is_due(i))
            watchers[i]->read(changed);
}
