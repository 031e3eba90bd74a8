/* SPDX-License-Identifier: MIT
 * What it takes to receive many sockets.
 *
 *   sockets COUNT ROUNDS    opens COUNT TCP listeners from descriptor 3 on, announces them
 *                           to itself and receives them, ROUNDS times over
 *
 * Prints the median of the rounds in nanoseconds. For strace, getppid() stands before and
 * after each round. */
#include "receiver.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FIRST = 3, NAME_SIZE = 6 };

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void allow_descriptors(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        die("setrlimit");
}

static void open_listeners(int count)
{
    for (int i = 0; i < count; i++) {
        struct sockaddr_in loopback = {.sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&loopback, sizeof loopback) < 0 ||
            listen(fd, 1) < 0)
            die("cannot listen");
        if (fd != FIRST + i && (dup2(fd, FIRST + i) < 0 || close(fd) < 0))
            die("cannot place a descriptor");
    }
}

static void set_number(const char *name, long number)
{
    char text[24];

    snprintf(text, sizeof text, "%ld", number);
    setenv(name, text, 1);
}

/* As a launcher leaves it: not close-on-exec. */
static void announce(int count, const char *names)
{
    set_number("LISTEN_FDS", count);
    set_number("LISTEN_PID", (long)getpid());
    setenv("LISTEN_FDNAMES", names, 1);
    for (int i = 0; i < count; i++)
        fcntl(FIRST + i, F_SETFD, 0);
}

static char *make_names(int count)
{
    char *names = malloc((size_t)count * NAME_SIZE + 1), *end = names;

    if (!names)
        die("malloc");
    for (int i = 0; i < count; i++)
        end += sprintf(end, "%sn%04d", i > 0 ? ":" : "", i);
    return names;
}

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long long time_round(int count)
{
    long long start, end;
    size_t received;

    getppid();
    start = now_ns();
    received = receive_all();
    end = now_ns();
    getppid();
    if (received != (size_t)count) {
        fprintf(stderr, "sockets: %zu of %d were received\n", received, count);
        exit(1);
    }
    return end - start;
}

static int compare(const void *a, const void *b)
{
    long long x = *(const long long *)a, y = *(const long long *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 0, rounds = argc > 2 ? atoi(argv[2]) : 0;
    long long *took;
    char *names;

    if (count < 1 || rounds < 1) {
        fprintf(stderr, "usage: sockets COUNT ROUNDS\n");
        return 2;
    }
    took = malloc((size_t)rounds * sizeof *took);
    if (!took)
        die("malloc");
    names = make_names(count);
    allow_descriptors();
    open_listeners(count);
    for (int i = 0; i < rounds; i++) {
        announce(count, names);
        took[i] = time_round(count);
    }
    qsort(took, (size_t)rounds, sizeof *took, compare);
    printf("%lld\n", took[rounds / 2]);
    free(took);
    free(names);
    return 0;
}
