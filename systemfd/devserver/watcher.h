/* SPDX-License-Identifier: MIT
 * A way to see which files change: inotify on Linux (posix/watch_inotify.c), or regular looks at
 * all of them (watch_scan.c). watch.c chooses one for each path. */
#ifndef SYSTEMFD_WATCHER_H
#define SYSTEMFD_WATCHER_H

#include "options.h"

struct watcher {
    /* Does it see every change at that path? */
    int (*suits)(const struct options *options, const char *path);

    /* The rest is as in watch.h, for the paths of this watcher. */
    void (*open)(const struct options *options, const struct arguments *paths);
    int (*descriptor)(void);
    int (*timeout)(void);
    void (*wake)(void);
    void (*modes)(void);
    void (*read)(void (*changed)(const char *path));
};

extern const struct watcher scanner;
#ifdef __linux__
extern const struct watcher inotify_watcher;
#endif

/* For watchers to call: calls what was given to watch_tell_new. */
void watcher_tell_new(const char *path);

#endif
