/* SPDX-License-Identifier: MIT
 * The files of the unix sockets that systemfd made. However it ends, it removes them; unless
 * it becomes the command. */
#ifndef SYSTEMFD_MADE_PATHS_H
#define SYSTEMFD_MADE_PATHS_H

/* To be removed: the file that has just been made there. */
void made_paths_add(const char *path);

/* Removes those that are still the same files. exit(3) does it, too, but not in a child. */
void made_paths_remove(void);

#endif
