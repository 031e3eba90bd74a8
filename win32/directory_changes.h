/* SPDX-License-Identifier: MIT
 * ReadDirectoryChangesW says that something has changed; what, is found by looking
 * (systemfd/devserver/watch_scan.c). What it says of single files is not relied upon: it may be
 * lost, name a file by its short name, or not come at all, as from some network drives, and under
 * Wine from folders within the watched one. */
#ifndef SYSTEMFD_DIRECTORY_CHANGES_H
#define SYSTEMFD_DIRECTORY_CHANGES_H

#include "options.h"

/* From now on, changes to what --watch names call watch_wake. */
void directory_changes_open(const struct options *options);

/* Looks again for folders that were not there. */
void directory_changes_look_again(void);

#endif
