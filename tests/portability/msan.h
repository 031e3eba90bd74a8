/* SPDX-License-Identifier: MIT
 * Tells clang 14's MemorySanitizer that these calls fill a structure. In glibc 2.33 they became
 * functions with other names than those it watches. */
#ifndef MSAN_H
#define MSAN_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <sanitizer/msan_interface.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static inline int filled(int result, void *structure, size_t size)
{
    if (result == 0)
        __msan_unpoison(structure, size);
    return result;
}

#define stat(path, status) filled(stat(path, status), status, sizeof *(status))
#define lstat(path, status) filled(lstat(path, status), status, sizeof *(status))
#define fstat(fd, status) filled(fstat(fd, status), status, sizeof *(status))
#define fstatfs(fd, status) filled(fstatfs(fd, status), status, sizeof *(status))

#endif
