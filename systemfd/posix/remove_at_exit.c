/* SPDX-License-Identifier: MIT */
#include "remove_at_exit.h"

#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct made {
    char *path;
    struct stat status;
    struct made *next;
};

static struct made *list;
static pid_t owner;

void remove_at_exit(const char *path)
{
    struct made *made = calloc(1, sizeof *made);

    if (!made || !(made->path = strdup(path)) || (!list && atexit(remove_now) != 0)) {
        unlink(path);
        die(EXIT_CANNOT_OPEN, "out of memory");
    }
    if (lstat(path, &made->status) < 0) {
        free(made->path);
        free(made);
        return;
    }
    owner = getpid();
    made->next = list;
    list = made;
}

static int is_same_file(const struct made *made)
{
    struct stat now;

    return lstat(made->path, &now) == 0 && now.st_dev == made->status.st_dev &&
           now.st_ino == made->status.st_ino;
}

int is_still_there(const char *path)
{
    for (const struct made *made = list; made; made = made->next)
        if (strcmp(made->path, path) == 0 && is_same_file(made))
            return 1;
    return 0;
}

int is_missing(const char *path)
{
    struct stat now;

    return lstat(path, &now) < 0 && errno == ENOENT;
}

void remove_now(void)
{
    if (getpid() != owner)
        return;
    for (const struct made *made = list; made; made = made->next)
        if (is_same_file(made))
            unlink(made->path);
}

void remove_in_this_process(void)
{
    owner = getpid();
}
