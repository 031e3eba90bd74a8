/* SPDX-License-Identifier: MIT
 *
 * In the place of libsystemd's <systemd/sd-daemon.h>, for a program that is on its way off
 * libsystemd: the calls about passed sockets, with the same results, on top of listenfd.
 * Put the folder above this one into the include path (-I), link listenfd instead of
 * -lsystemd, and change nothing else:
 *
 *     sd_listen_fds, sd_listen_fds_with_names
 *     sd_is_socket, sd_is_socket_inet, sd_is_socket_unix, sd_is_fifo
 *     sd_notify, sd_notifyf, sd_watchdog_enabled, sd_booted, SD_EMERG ... SD_DEBUG
 *
 * sd_listen_fds(3), sd_is_fifo(3), sd_notify(3), sd_watchdog_enabled(3), sd_booted(3) and
 * sd-daemon(3) are their manual pages. Results are theirs down to the
 * code of each error, also where listenfd on purpose does otherwise:
 *
 *  - descriptors start at 3: LISTEN_FDS_FIRST_FD is not read;
 *  - nothing was passed where LISTEN_PID is absent, as behind systemfd --no-pid;
 *  - a LISTEN_FDS of 0 is an error, and numbers are what strtol(3) takes for one: "+1", " 1",
 *    "0x1", and 8 for "010";
 *  - in LISTEN_FDNAMES a backslash is removed, and what follows it stands for itself.
 *
 * NOTIFY_SOCKET may also be vsock:CID:PORT, as in systemd v254. To "RELOADING=1" the
 * MONOTONIC_USEC= is added that Type=notify-reload wants, and a privileged program (listenfd.h)
 * tells nobody.
 *
 * LISTEN_PIDFDID is read and removed as libsystemd does it since v259. Two things differ: the
 * prefixes 0b and 0o of a number are known here only if strtol(3) knows them, and a
 * LISTEN_PIDFDID that is too large is -EINVAL, not -ERANGE.
 *
 * For POSIX systems, C99 or C++; a strict -std=c99 wants _POSIX_C_SOURCE=200809L. */
#ifndef LISTENFD_SD_DAEMON_H
#define LISTENFD_SD_DAEMON_H

#include "listenfd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SD_LISTEN_FDS_START 3

#define SD_EMERG "<0>"
#define SD_ALERT "<1>"
#define SD_CRIT "<2>"
#define SD_ERR "<3>"
#define SD_WARNING "<4>"
#define SD_NOTICE "<5>"
#define SD_INFO "<6>"
#define SD_DEBUG "<7>"

/* ---- What was passed ------------------------------------------------------------- */

static inline int sd_compat_number(const char *text, int *number)
{
    char *end;
    long value;

    *number = 0;
    errno = 0;
    value = strtol(text, &end, 0);
    if (errno != 0)
        return -errno;
    if (end == text || *end != '\0')
        return -EINVAL;
    if (value < INT_MIN || value > INT_MAX)
        return -ERANGE;
    *number = (int)value;
    return 0;
}

/* 1 or 0; LISTEN_PIDFDID is listenfd's to judge. */
static inline int sd_compat_is_for_us(const char *pid_text)
{
    int pid, status, result = sd_compat_number(pid_text, &pid);
    struct listenfd *passed;

    if (result < 0)
        return result;
    if (pid <= 0)
        return -ERANGE;
    if (pid != getpid())
        return 0;
    passed = listenfd_from_env(LISTENFD_KEEP);
    if (!passed)
        return -ENOMEM;
    status = listenfd_status(passed);
    listenfd_free(passed);
    return status == LISTENFD_EPIDFDID ? -EINVAL : status != LISTENFD_OTHER_PROCESS;
}

static inline int sd_compat_close_on_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    return flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0 ? -errno : 0;
}

static inline int sd_compat_count(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    int count, fd, result = pid ? sd_compat_is_for_us(pid) : 0;

    if (result <= 0 || !fds)
        return result < 0 ? result : 0;
    result = sd_compat_number(fds, &count);
    if (result < 0)
        return result;
    if (count <= 0 || count > INT_MAX - SD_LISTEN_FDS_START)
        return -EINVAL;
    for (fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++) {
        result = sd_compat_close_on_exec(fd);
        if (result < 0)
            return result;
    }
    return count;
}

static inline void sd_compat_unset(int unset_environment)
{
    if (!unset_environment)
        return;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_PIDFDID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

static inline int sd_listen_fds(int unset_environment)
{
    int count = sd_compat_count();

    sd_compat_unset(unset_environment);
    return count;
}

/* ---- Names ----------------------------------------------------------------------- */

/* A backslash hides what follows it. */
static inline int sd_compat_count_names(const char *list)
{
    int count = 1;

    for (; *list != '\0'; list++) {
        if (*list == ':')
            count++;
        else if (*list == '\\' && *++list == '\0')
            return -EINVAL;
    }
    return count;
}

/* The name that *list begins with, for free(); *list moves behind it. */
static inline char *sd_compat_next_name(const char **list)
{
    const char *in = *list;
    char *name = (char *)malloc(strlen(in) + 1), *out = name;

    for (; name && *in != '\0' && *in != ':'; in++) {
        if (*in == '\\')
            in++;
        *out++ = *in;
    }
    if (name)
        *out = '\0';
    *list = *in == ':' ? in + 1 : in;
    return name;
}

static inline void sd_compat_free_names(char **names)
{
    char **name;

    for (name = names; *name; name++)
        free(*name);
    free(names);
}

/* list: NULL means that no names were passed. */
static inline int sd_compat_make_names(const char *list, int count, char ***names)
{
    char **array = (char **)calloc((size_t)count + 1, sizeof *array);
    int i;

    if (!array)
        return -ENOMEM;
    for (i = 0; i < count; i++) {
        array[i] = list ? sd_compat_next_name(&list) : strdup("unknown");
        if (!array[i]) {
            sd_compat_free_names(array);
            return -ENOMEM;
        }
    }
    *names = array;
    return count;
}

/* *names, where the result is positive: as many strings and a NULL; free each and the array. */
static inline int sd_listen_fds_with_names(int unset_environment, char ***names)
{
    const char *list = names ? getenv("LISTEN_FDNAMES") : NULL;
    int named = list ? sd_compat_count_names(list) : 0;
    int count = named < 0 ? named : sd_compat_count();

    if (count > 0 && list && named != count)
        count = -EINVAL;
    if (count > 0 && names)
        count = sd_compat_make_names(list, count, names);
    sd_compat_unset(unset_environment);
    return count;
}

/* ---- What a descriptor is -------------------------------------------------------- */

/* The answers below: 1 yes, 0 no, negative: cannot tell. */

static inline int sd_is_fifo(int fd, const char *path)
{
    struct stat status, named;

    if (fd < 0)
        return -EBADF;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISFIFO(status.st_mode) || !path)
        return S_ISFIFO(status.st_mode) != 0;
    if (stat(path, &named) < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
    return named.st_dev == status.st_dev && named.st_ino == status.st_ino;
}

static inline int sd_compat_option_is(int fd, int option, int wanted)
{
    int value = 0;
    socklen_t size = sizeof value;

    if (getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0)
        return -errno;
    return value == wanted;
}

/* type 0 and a negative listening mean "any". */
static inline int sd_compat_is_socket(int fd, int type, int listening)
{
    struct stat status;
    int result = 1;

    if (fd < 0)
        return -EBADF;
    if (type < 0)
        return -EINVAL;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISSOCK(status.st_mode))
        return 0;
    if (type != 0)
        result = sd_compat_option_is(fd, SO_TYPE, type);
    if (result == 1 && listening >= 0)
        result = sd_compat_option_is(fd, SO_ACCEPTCONN, listening != 0);
    return result;
}

union sd_compat_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    struct sockaddr_storage room;
};

static inline int sd_compat_address_of(int fd, union sd_compat_address *address, socklen_t *size)
{
    memset(address, 0, sizeof *address);
    *size = sizeof *address;
    return getsockname(fd, &address->any, size) < 0 ? -errno : 1;
}

static inline int sd_is_socket(int fd, int family, int type, int listening)
{
    union sd_compat_address address;
    socklen_t size;
    int result;

    if (fd < 0)
        return -EBADF;
    if (family < 0)
        return -EINVAL;
    result = sd_compat_is_socket(fd, type, listening);
    if (result == 1 && family > 0)
        result = sd_compat_address_of(fd, &address, &size);
    if (result == 1 && family > 0)
        result = address.any.sa_family == family;
    return result;
}

static inline int sd_is_socket_inet(int fd, int family, int type, int listening, uint16_t port)
{
    union sd_compat_address address;
    socklen_t size;
    int result;

    if (fd < 0)
        return -EBADF;
    if (family != 0 && family != AF_INET && family != AF_INET6)
        return -EINVAL;
    result = sd_compat_is_socket(fd, type, listening);
    if (result == 1)
        result = sd_compat_address_of(fd, &address, &size);
    if (result != 1)
        return result;
    if (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)
        return 0;
    if (family != 0 && address.any.sa_family != family)
        return 0;
    if (port == 0)
        return 1;
    return htons(port) ==
           (address.any.sa_family == AF_INET ? address.in.sin_port : address.in6.sin6_port);
}

/* path, length: a path with 0; an abstract name with its 0 byte in front and its length;
 * "" with 0 for a socket without a name; NULL for any. */
static inline int sd_is_socket_unix(int fd, int type, int listening, const char *path,
                                    size_t length)
{
    union sd_compat_address address;
    socklen_t size;
    size_t named;
    int result = sd_compat_is_socket(fd, type, listening);

    if (result == 1)
        result = sd_compat_address_of(fd, &address, &size);
    if (result != 1)
        return result;
    if (address.any.sa_family != AF_UNIX || !path)
        return address.any.sa_family == AF_UNIX;
    named = size - offsetof(struct sockaddr_un, sun_path);
    if (length == 0)
        length = strlen(path);
    if (length == 0)
        return named == 0;
    if (*path == '\0')
        return named == length && memcmp(path, address.un.sun_path, length) == 0;
    return named > length && memcmp(path, address.un.sun_path, length + 1) == 0;
}

/* ---- Telling systemd ------------------------------------------------------------- */

/* A NOTIFY_SOCKET that is none. */
static inline int sd_compat_address_error(void)
{
    const char *where = getenv("NOTIFY_SOCKET");

    return where && *where == '/' && strlen(where) > 1 ? -ENAMETOOLONG : -EINVAL;
}

static inline int sd_notify(int unset_environment, const char *state)
{
    int result = listenfd_notify(state);

    if (result == LISTENFD_ESYSTEM)
        result = -errno;
    else if (result == LISTENFD_ENOTIFY)
        result = sd_compat_address_error();
    else if (result == LISTENFD_ENOTSUPPORTED)
        result = -EAFNOSUPPORT;
    else if (result < 0)
        result = -EINVAL;
    if (unset_environment)
        unsetenv("NOTIFY_SOCKET");
    return result;
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static inline int
sd_notifyf(int unset_environment, const char *format, ...)
{
    char *state = NULL;
    va_list arguments;
    int result, length = -1;

    if (format) {
        va_start(arguments, format);
        length = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        state = length < 0 ? NULL : (char *)malloc((size_t)length + 1);
        if (!state)
            return -ENOMEM;
        va_start(arguments, format);
        vsnprintf(state, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    result = sd_notify(unset_environment, state);
    free(state);
    return result;
}

/* 1 with *usec, 0 or an error. */
static inline int sd_compat_watchdog(const char *interval, const char *pid_text, uint64_t *usec)
{
    unsigned long long value;
    int pid, result;
    char *end;

    interval += strspn(interval, " \t\n\r");
    errno = 0;
    value = strtoull(interval, &end, 0);
    if (errno != 0)
        return -errno;
    if (end == interval || *end != '\0')
        return -EINVAL;
    if (*interval == '-')
        return -ERANGE;
    if (value == 0 || value == UINT64_MAX)
        return -EINVAL;
    if (pid_text) {
        result = sd_compat_number(pid_text, &pid);
        if (result < 0)
            return result;
        if (pid <= 0)
            return -ERANGE;
        if (pid != getpid())
            return 0;
    }
    if (usec)
        *usec = value;
    return 1;
}

static inline int sd_watchdog_enabled(int unset_environment, uint64_t *usec)
{
    const char *interval = getenv("WATCHDOG_USEC");
    int result = interval ? sd_compat_watchdog(interval, getenv("WATCHDOG_PID"), usec) : 0;

    if (unset_environment) {
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
    }
    return result;
}

/* Whether systemd runs this machine. */
static inline int sd_booted(void)
{
    if (access("/run/systemd/system/", F_OK) == 0)
        return 1;
    return errno == ENOENT ? 0 : -errno;
}

#endif
