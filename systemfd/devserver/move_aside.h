/* SPDX-License-Identifier: MIT
 * --move-aside: a program that runs cannot be written to on Windows, only renamed. So before a
 * build its file gets another name, FILE.systemfd-N.tmp; elsewhere nothing needs to be done. */
#ifndef SYSTEMFD_MOVE_ASIDE_H
#define SYSTEMFD_MOVE_ASIDE_H

#include "options.h"

/* Before a build. Of what was moved earlier, what is no longer in use is removed. */
void move_aside(const struct arguments *files);

/* After it: a file that it has not made again gets its name back. */
void move_back(const struct arguments *files);

/* When the last server has ended. */
void move_aside_end(const struct arguments *files);

#endif
