/* SPDX-License-Identifier: MIT
 * The rest of the program when the tests compile the code of examples/sd-daemon-compat/README.md.
 * It is placed before that code. */
#ifndef MIGRATION_H
#define MIGRATION_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int passed_count;

/* To be called first, before the variables are removed. Silences standard error: only the output of
 * show() is compared. */
static inline void begin(void)
{
    passed_count = atoi(getenv("LISTEN_FDS") ? getenv("LISTEN_FDS") : "0");
    if (!freopen("/dev/null", "w", stderr))
        exit(1);
}

static inline void show(const char *what, int fd)
{
    if (fd < 0)
        printf("%s: none\n", what);
    else if (fd < 3 + passed_count)
        printf("%s: socket %d\n", what, fd - 3);
    else
        printf("%s: bound here\n", what);
}

static inline int bind_tcp(int port)
{
    (void)port;
    return open("/dev/null", O_RDWR);
}

static inline int bind_unix(const char *path)
{
    (void)path;
    return open("/dev/null", O_RDWR);
}

static inline void serve_web(int fd)
{
    show("web", fd);
}

static inline void serve_admin(int fd)
{
    show("admin", fd);
}

static inline void serve_datagrams(int fd)
{
    show("datagrams", fd);
}

#endif
