/* SPDX-License-Identifier: MIT
 * Linux only. */
#ifndef SYSTEMFD_FILESYSTEM_H
#define SYSTEMFD_FILESYSTEM_H

/* The kind of file system that the path is on, if files change there elsewhere, on a server or
 * the host of a virtual machine, which inotify(7) is not told of; or NULL. */
const char *kind_without_notices(const char *path);

#endif
