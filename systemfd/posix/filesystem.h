/* SPDX-License-Identifier: MIT
 * Linux only. */
#ifndef SYSTEMFD_FILESYSTEM_H
#define SYSTEMFD_FILESYSTEM_H

/* The kind of the path's file system, such as "NFS", if files on it may be changed by another
 * machine, a file server or the host of a virtual machine: inotify(7) does not see such changes.
 * NULL otherwise. */
const char *kind_without_notices(const char *path);

#endif
