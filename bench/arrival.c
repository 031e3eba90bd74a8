/* SPDX-License-Identifier: MIT
 * How long a launcher needs to start its command, and how much memory.
 *
 *   arrival LAUNCHER [ARGUMENT...]    runs the launcher, whose command is to be:
 *   arrival                           prints "NANOSECONDS KIB PARENT": the time since the launcher
 *                                     was executed; this process's largest memory so far, which
 *                                     is the launcher's if that has become its command; and its
 *                                     parent, which is the launcher if that has stayed. In this
 *                                     case it waits to be told to stop, and for a client if it
 *                                     has a listener, as a server does.
 *
 * Linked statically, so that it is smaller than what it measures. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* For a launcher that insists on LISTEN_PID for what is passed to it. */
static void adopt_sockets(void)
{
    char pid[24];

    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    if (getenv("LISTEN_FDS"))
        setenv("LISTEN_PID", pid, 1);
}

static int run(char **launcher)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        char departure[64];
        adopt_sockets();
        snprintf(departure, sizeof departure, "%lld %ld", now_ns(), (long)getppid());
        setenv("DEPARTURE", departure, 1);
        execv(launcher[0], launcher);
        perror(launcher[0]);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int arrive(const char *departure)
{
    long long now = now_ns(), then;
    struct rusage usage;
    long stopwatch;

    if (sscanf(departure, "%lld %ld", &then, &stopwatch) != 2)
        return 2;
    getrusage(RUSAGE_SELF, &usage);
    printf("%lld %ld %ld\n", now - then, usage.ru_maxrss, (long)getppid());
    fflush(stdout);
    if (getppid() == stopwatch)
        return 0;
    if (getenv("LISTEN_FDS"))
        accept(3, NULL, NULL);
    pause();
    return 0;
}

int main(int argc, char **argv)
{
    const char *departure = getenv("DEPARTURE");

    if (argc > 1)
        return run(argv + 1);
    return departure ? arrive(departure) : 2;
}
