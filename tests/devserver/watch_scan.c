/* SPDX-License-Identifier: MIT
 * watch.c with the watcher of systems that have no inotify, which looks twice a second. */
#define WATCH_SCAN
#include "watch.c"
