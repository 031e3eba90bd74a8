/* SPDX-License-Identifier: MIT
 * The command line of a process that ps(1) shows. */
#ifndef SYSTEMFD_TITLE_H
#define SYSTEMFD_TITLE_H

/* Notes where the arguments are in memory; to be called before anything moves them. */
void title_prepare(char **argv);

/* Shows that text instead of the arguments, cut to the room that they had. Overwrites them, so it
 * is for a process that does not need them any more. */
void title_set(const char *text);

#endif
