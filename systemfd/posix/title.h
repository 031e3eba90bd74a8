/* SPDX-License-Identifier: MIT
 * What ps(1) shows of a process. */
#ifndef SYSTEMFD_TITLE_H
#define SYSTEMFD_TITLE_H

/* Notes where the arguments are; to be called before anything moves them. */
void title_prepare(char **argv);

/* From now on that text is shown instead of them, as far as there is room. What they pointed to is
 * gone: for a process that does not need them any more. */
void title_set(const char *text);

#endif
