/* SPDX-License-Identifier: MIT
 * ReadDirectoryChangesW says that something has changed; looking finds out what
 * (systemfd/devserver/watch_scan.c). What it says about single files is not relied on: it may be
 * lost, it may name a file by its short name, and from some network drives, and under Wine from
 * folders within the watched one, it does not come at all. */
#ifndef SYSTEMFD_DIRECTORY_CHANGES_H
#define SYSTEMFD_DIRECTORY_CHANGES_H

#include "options.h"

/* From now on, changes to what --watch names call watch_wake. */
void directory_changes_open(const struct options *options);

/* Looks again for folders that were not there. */
void directory_changes_look_again(void);

#endif
