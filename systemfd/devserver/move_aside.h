/* SPDX-License-Identifier: MIT
 * --move-aside: on Windows, the file of a running program cannot be written, only renamed. So it is
 * renamed to FILE.systemfd-N.tmp before a build. Other systems do not need this. */
#ifndef SYSTEMFD_MOVE_ASIDE_H
#define SYSTEMFD_MOVE_ASIDE_H

#include "options.h"

/* To be called before a build. Renames the files that are in use, and deletes those renamed earlier
 * that no longer are. */
void move_aside(const struct arguments *files);

/* To be called after a build. Gives a file that the build has not made again its name back. */
void move_back(const struct arguments *files);

/* To be called when the last server has ended. Deletes the renamed files. */
void move_aside_end(const struct arguments *files);

#endif
