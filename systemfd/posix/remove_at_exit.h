/* SPDX-License-Identifier: MIT
 * The files of unix sockets that systemfd made. It removes them however it ends, but not when it
 * becomes the command. */
#ifndef SYSTEMFD_REMOVE_AT_EXIT_H
#define SYSTEMFD_REMOVE_AT_EXIT_H

/* Notes for removal the file that has just been made there. */
void remove_at_exit(const char *path);

/* Does the file that we made stand there? Nothing at all? Neither: somebody else's does. */
int is_still_there(const char *path);
int is_missing(const char *path);

/* Removes those that are still the same files. exit(3) does that by itself, but not in a child. */
void remove_now(void);

/* From now on it is this process, a child, that removes them. */
void remove_in_this_process(void);

#endif
