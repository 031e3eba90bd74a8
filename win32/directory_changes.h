/* SPDX-License-Identifier: MIT
 * ReadDirectoryChangesW tells that something has changed; a scan finds out what
 * (systemfd/devserver/watch_scan.c). Its notes about single files are not used: they may be lost,
 * or name a file by its short name. From some network drives, and in Wine from folders below the
 * watched one, no notes come at all. */
#ifndef SYSTEMFD_DIRECTORY_CHANGES_H
#define SYSTEMFD_DIRECTORY_CHANGES_H

#include "options.h"

/* From now on, changes to the paths of --watch call watch_wake. */
void directory_changes_open(const struct options *options);

/* Tries again to watch the folders that were not there. */
void directory_changes_look_again(void);

#endif
