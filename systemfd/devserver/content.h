/* SPDX-License-Identifier: MIT
 * The content of a file, as a hash, to compare it with what it was before. */
#ifndef SYSTEMFD_CONTENT_H
#define SYSTEMFD_CONTENT_H

#include <stdint.h>

struct content {
    enum { UNKNOWN, ABSENT, PRESENT } state; /* UNKNOWN: it was not read to its end */
    uint64_t hash;                           /* of what was read */
    long long length;                        /* of what was read */
    int is_text;     /* it is not empty, and has no zero byte at its beginning */
    int is_artifact; /* a build makes such files, as programs and objects; no person writes them */
};

/* Reads a file: all of it if it has at most `longest` bytes and is no artifact, otherwise only its
 * beginning. */
struct content content_read(const char *path, long long longest);

/* Is it certain that both are the same? */
int content_is_same(const struct content *a, const struct content *b);

#endif
