/* SPDX-License-Identifier: MIT
 * accept4 and pipe2, which POSIX has since 2024 and macOS has not. Between two calls a fork in
 * another thread may inherit the descriptor: these programs start nobody. */
#ifndef EXAMPLES_MACOS_H
#define EXAMPLES_MACOS_H

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCK_CLOEXEC 1
#define SOCK_NONBLOCK 2

static inline int set_flags(int fd, int close_on_exec, int nonblocking)
{
    int status = fcntl(fd, F_GETFL);

    status = nonblocking ? status | O_NONBLOCK : status & ~O_NONBLOCK;
    return fcntl(fd, F_SETFL, status) < 0 || fcntl(fd, F_SETFD, close_on_exec ? FD_CLOEXEC : 0) < 0
               ? -1
               : 0;
}

/* What accept returns has the listener's mode there. */
static inline int accept4(int listener, struct sockaddr *peer, socklen_t *size, int flags)
{
    int fd = accept(listener, peer, size);

    if (fd >= 0 && set_flags(fd, flags & SOCK_CLOEXEC, flags & SOCK_NONBLOCK) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline int pipe2(int ends[2], int flags)
{
    if (pipe(ends) < 0)
        return -1;
    set_flags(ends[0], flags & O_CLOEXEC, flags & O_NONBLOCK);
    return set_flags(ends[1], flags & O_CLOEXEC, flags & O_NONBLOCK);
}

#endif
