/* SPDX-License-Identifier: MIT
 * A list of paths that git prints, each ended by a zero byte, read while it comes. */
#ifndef SYSTEMFD_GIT_LISTING_H
#define SYSTEMFD_GIT_LISTING_H

#include <stddef.h>
#include <sys/types.h>

struct git_listing {
    pid_t pid;                                        /* 0: none */
    int is_reaped;                                    /* the number may be another process's */
    int fd;                                           /* what it prints; -1: it has printed all */
    char *root;                                       /* the folder that git was started in */
    void (*take)(const char *root, const char *path); /* NULL: only the exit status matters */
    char text[16384];                                 /* the beginning of the next path */
    size_t length;
};

/* `take` is called with each path, which is below the root. */
void git_listing_start(struct git_listing *listing, const char *root,
                       void (*take)(const char *root, const char *path),
                       const char *const *arguments);

/* What has come so far, without waiting. Not once fd is -1. */
void git_listing_read(struct git_listing *listing);

/* All that comes before that time, in milliseconds, of at most MOST_LISTINGS. */
enum { MOST_LISTINGS = 2 };
void git_listings_read(struct git_listing *listings, size_t count, long long deadline);

/* The exit status; -1: it had to be ended, or could not be started. */
int git_listing_finish(struct git_listing *listing);

#endif
