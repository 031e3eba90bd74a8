/* SPDX-License-Identifier: MIT
 * What the tests use of Linux, for other POSIX systems. There it is included in each test. */
#ifndef NOT_LINUX_H
#define NOT_LINUX_H

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* macOS. Close-on-exec is not essential: programs are started with all other descriptors closed. */
#ifndef SOCK_CLOEXEC
#define SOCK_CLOEXEC 0
#define accept4(fd, address, size, flags) accept(fd, address, size)
#define pipe2(ends, flags) pipe(ends)
#define st_ctim st_ctimespec
#define st_mtim st_mtimespec
#endif

/* No process ends with its parent. */
#define PR_SET_PDEATHSIG 1
#define prctl(option, number) ((void)(option), (void)(number), -1)

/* No pidfd. */
#undef SYS_pidfd_open
#define SYS_pidfd_open -1
#define syscall(...) (-1)

#endif
