/* SPDX-License-Identifier: MIT
 * A list of paths that git prints, each ended by a zero byte. It is read piece by piece. */
#ifndef SYSTEMFD_GIT_LISTING_H
#define SYSTEMFD_GIT_LISTING_H

#include <stddef.h>
#include <sys/types.h>

struct git_listing {
    pid_t pid;                                        /* 0: none */
    int is_reaped;                                    /* another process may get its ID */
    int fd;                                           /* its output; -1: all was read */
    char *root;                                       /* the folder that git was started in */
    void (*take)(const char *root, const char *path); /* NULL: only the exit status matters */
    char text[16384];                                 /* the beginning of the next path */
    size_t length;
};

/* Starts git in the folder `root`. `take` will be called with each path that it prints. */
void git_listing_start(struct git_listing *listing, const char *root,
                       void (*take)(const char *root, const char *path),
                       const char *const *arguments);

/* Reads what has come so far, without waiting. Not to be called once fd is -1. */
void git_listing_read(struct git_listing *listing);

/* Reads listings to their end, or up to the deadline (of now_ms); at most MOST_LISTINGS. */
enum { MOST_LISTINGS = 2 };
void git_listings_read(struct git_listing *listings, size_t count, long long deadline);

/* Ends a listing. Returns the exit status of git; -1 if it had to be killed, or was not started. */
int git_listing_finish(struct git_listing *listing);

#endif
