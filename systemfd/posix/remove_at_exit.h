/* SPDX-License-Identifier: MIT
 * The files of the unix sockets that systemfd made. However it ends, it removes them; unless
 * it becomes the command. */
#ifndef SYSTEMFD_REMOVE_AT_EXIT_H
#define SYSTEMFD_REMOVE_AT_EXIT_H

/* To be removed: the file that has just been made there. */
void remove_at_exit(const char *path);

/* Does the file that we made stand there? Nothing at all? Neither: somebody else's does. */
int is_still_there(const char *path);
int is_missing(const char *path);

/* Removes those that are still the same files. exit(3) does it, too, but not in a child. */
void remove_now(void);

#endif
