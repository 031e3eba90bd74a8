/* SPDX-License-Identifier: MIT */
#include "passed.h"

#include "sockets.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#if __has_include(<sys/syscall.h>)
#include <sys/syscall.h>
#endif

void clear_variables(void)
{
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_PIDFDID");
    unsetenv("LISTEN_FDNAMES");
    unsetenv("LISTEN_FDS_FIRST_FD");
}

static void set_number(const char *name, int number)
{
    char text[16];

    snprintf(text, sizeof text, "%d", number);
    assert_int_equal(setenv(name, text, 1), 0);
}

int pass(const int *descriptors, size_t count)
{
    int first = 100;

    for (size_t i = 0; i < count; i++)
        if (fcntl(first + (int)i, F_GETFD) >= 0) { /* in use: start after it */
            first += (int)i + 1;
            i = (size_t)-1;
        }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(dup2(descriptors[i], first + (int)i), first + (int)i);
        close(descriptors[i]);
    }
    set_number("LISTEN_FDS", (int)count);
    set_number("LISTEN_FDS_FIRST_FD", first);
    return first;
}

int pass_one(int descriptor)
{
    return pass(&descriptor, 1);
}

int pass_listeners(size_t count, const char *names)
{
    int listeners[count];

    for (size_t i = 0; i < count; i++)
        listeners[i] = internet_socket(SOCK_STREAM, "127.0.0.1");
    clear_variables();
    if (names)
        assert_int_equal(setenv("LISTEN_FDNAMES", names, 1), 0);
    return pass(listeners, count);
}

struct listenfd *receive_passed(unsigned flags)
{
    struct listenfd *lfd = listenfd_from_env(flags);

    assert_non_null(lfd);
    if (listenfd_status(lfd) != LISTENFD_PASSED)
        print_message("%s\n", listenfd_message(lfd));
    assert_int_equal(listenfd_status(lfd), LISTENFD_PASSED);
    return lfd;
}

const char *own_pid(void)
{
    static char text[16];

    snprintf(text, sizeof text, "%ld", (long)getpid());
    return text;
}

unsigned long long own_pidfd_inode(void)
{
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    struct stat status;

    if (pidfd < 0) /* without pidfds, no number is wrong */
        return 1;
    assert_int_equal(fstat(pidfd, &status), 0);
    close(pidfd);
    return status.st_ino;
}
