/* SPDX-License-Identifier: MIT
 * What a file holds, to compare it with what it held before. */
#ifndef SYSTEMFD_CONTENT_H
#define SYSTEMFD_CONTENT_H

#include <stdint.h>

struct content {
    enum { UNKNOWN, ABSENT, PRESENT } state; /* unknown: not all of it was read */
    uint64_t hash;                           /* of what was read */
    long long length;                        /* of what was read */
    int is_text;     /* it is not empty, and has no zero byte at its beginning */
    int is_artifact; /* a program, an object, an archive of objects: no person writes those */
};

/* Reads to the end of a file that is no artifact, and not longer. */
struct content content_read(const char *path, long long longest);

/* Do they hold the same, for certain? */
int content_is_same(const struct content *a, const struct content *b);

#endif
