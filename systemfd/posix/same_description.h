/* SPDX-License-Identifier: MIT */
#ifndef SYSTEMFD_SAME_DESCRIPTION_H
#define SYSTEMFD_SAME_DESCRIPTION_H

/* Do both descriptors refer to the same open file description, as after dup(2)? Where the system
 * cannot say, the same file opened twice in the same way counts, too. */
int is_same_description(int a, int b);

#endif
