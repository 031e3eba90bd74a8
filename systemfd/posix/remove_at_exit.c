/* SPDX-License-Identifier: MIT */
#include "remove_at_exit.h"

#include "report.h"

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

void remove_now(void)
{
    struct stat now;

    if (getpid() != owner)
        return;
    for (const struct made *made = list; made; made = made->next)
        if (lstat(made->path, &now) == 0 && now.st_dev == made->status.st_dev &&
            now.st_ino == made->status.st_ino)
            unlink(made->path);
}
