/* SPDX-License-Identifier: MIT
 * A receiver for strace. It opens listeners itself, announces them and takes them all. In its
 * trace, getppid() marks the beginning and the end of each call of the library. Built without
 * sanitizers.
 *
 *   take_all COUNT [own] [names]    COUNT listeners from descriptor 3 on, announced by LISTEN_FDS
 *                                   unless that is set already; own: also by LISTEN_PID and
 *                                   LISTEN_PIDFDID of this process; names: each has a name.
 *
 * Prints the status, how many were taken, and by how many KiB from_env made the process grow. */
#include "listenfd.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void mark(void)
{
    getppid();
}

static void open_listeners(int count)
{
    struct sockaddr_in where = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(fd, (struct sockaddr *)&where, sizeof where) < 0 || listen(fd, 1) < 0)
        exit(2);
    for (int i = 0; i < count; i++)
        if (fd != 3 + i && dup2(fd, 3 + i) < 0)
            exit(2);
    if (fd >= 3 + count)
        close(fd);
}

static void set_number(const char *name, unsigned long long number, int overwrite)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", number);
    setenv(name, text, overwrite);
}

static void announce_process(void)
{
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    struct stat status;

    set_number("LISTEN_PID", (unsigned long long)getpid(), 1);
    if (pidfd >= 0 && fstat(pidfd, &status) == 0)
        set_number("LISTEN_PIDFDID", status.st_ino, 1);
    close(pidfd);
}

static void announce_names(int count)
{
    char *names = malloc((size_t)count * 6 + 1);

    for (int i = 0; i < count; i++)
        sprintf(names + 6 * i, "n%04d:", i);
    names[6 * count - 1] = '\0';
    setenv("LISTEN_FDNAMES", names, 1);
    free(names);
}

/* The first malloc asks the system for a heap. That must not be counted as the library's. */
static void warm_up(void)
{
    void *volatile heap = malloc(100000); /* volatile, or the compiler removes it */

    free(heap);
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static size_t take_all(struct listenfd *lfd)
{
    size_t taken = 0, i;
    listenfd_socket fd;

    for (i = 0; i < listenfd_count(lfd); i++) {
        taken += listenfd_take_tcp_listener(lfd, i, &fd) == 1;
        mark();
    }
    return taken;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1;
    size_t taken;
    struct listenfd *lfd;
    long before, after;

    open_listeners(count);
    set_number("LISTEN_FDS", (unsigned long long)count, 0);
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "own") == 0)
            announce_process();
        else
            announce_names(count);
    warm_up();
    before = peak_kib();
    mark();
    lfd = listenfd_from_env(0);
    mark();
    after = peak_kib();
    mark();
    taken = take_all(lfd);
    printf("status %d taken %zu grown %ld\n", listenfd_status(lfd), taken, after - before);
    return 0;
}
