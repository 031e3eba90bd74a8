/* SPDX-License-Identifier: MIT
 * The files of unix sockets that systemfd made. It removes them however it ends, but leaves them
 * when it becomes the command. */
#ifndef SYSTEMFD_REMOVE_AT_EXIT_H
#define SYSTEMFD_REMOVE_AT_EXIT_H

/* Registers for removal the file that was just made at the path. Exits when out of memory. */
void remove_at_exit(const char *path);

/* Is the file at the path still the one that we made? */
int is_still_there(const char *path);

/* Is there no file at the path at all? */
int is_missing(const char *path);

/* Removes the registered files that are still ours. exit(3) does so, too, but not in a child. */
void remove_now(void);

/* From now on this process, a child, removes them. */
void remove_in_this_process(void);

#endif
