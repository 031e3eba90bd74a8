/* SPDX-License-Identifier: MIT */
#include "service_manager.h"

#include "listenfd.h"
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: a datagram raises no SIGPIPE */
#endif

static struct sockaddr_un address;
static socklen_t address_size; /* 0: there is no manager */
static pid_t owner;            /* the process that the manager has started */
static uint64_t watchdog_usec;
static unsigned stores;

/* ---- Its variables ---- */

/* Parses a path, or "@" and a name in the abstract namespace. Returns 0 for anything else. */
static int parse_address(const char *text)
{
    size_t length = strlen(text);

    if ((*text != '/' && *text != '@') || length < 2 || length >= sizeof address.sun_path)
        return 0;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, text, length);
    if (*text == '@')
        address.sun_path[0] = '\0';
    address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return 1;
}

static void read_watchdog(void)
{
    int result = listenfd_watchdog(&watchdog_usec);

    if (result < 0)
        report("warning: there is no watchdog: %s", listenfd_strerror(result));
}

static void read_store(void)
{
    const char *most = getenv("FDSTORE");

    if (most && *most != '\0' && strlen(most) < 9 && strspn(most, "0123456789") == strlen(most))
        stores = (unsigned)strtoul(most, NULL, 10);
}

static void tell_death(int error, const char *message)
{
    const char *reason = strerror(error);

    if (strstr(message, reason))
        service_manager_tell("STATUS=%s\nERRNO=%d", message, error);
    else
        service_manager_tell("STATUS=%s", message);
}

void service_manager_open(void)
{
    const char *where = getenv("NOTIFY_SOCKET");

    owner = getpid();
    if (where && *where != '\0' && !parse_address(where))
        report("warning: the service manager is not told anything: NOTIFY_SOCKET is '%s'; expected "
               "a path, or @ and a name",
               where);
    read_watchdog();
    read_store();
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    unsetenv("FDSTORE");
    report_death_to(tell_death);
}

/* A process that was forked does not speak for systemfd: it is about to become another program. */
int service_manager_is_there(void)
{
    return address_size > 0 && getpid() == owner;
}

unsigned long long service_manager_watchdog_usec(void)
{
    return watchdog_usec;
}

unsigned service_manager_stores(void)
{
    return stores;
}

/* ---- Telling ---- */

static void warn(const char *text)
{
    static int warned;

    if (!warned)
        report("cannot tell the service manager %.*s: %s", (int)strcspn(text, "\n"), text,
               strerror(errno));
    warned = 1;
}

/* Sends the text, and the descriptor unless it is -1. Returns 0, or -1 with errno. */
static int send_message(int socket, char *text, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof fd)];
    } control = {.bytes = ""};
    struct iovec part = {text, strlen(text)};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = address_size, .msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    if (fd >= 0) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
    }
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

/* Uses a new socket each time, as sd_notify does, and so has none to keep open or to lose. */
static int send_text(char *text, int fd)
{
    int to = socket(AF_UNIX, SOCK_DGRAM, 0), is_full;

    if (to >= 0 && send_message(to, text, fd) == 0) {
        close(to);
        return 1;
    }
    is_full = to >= 0 && (errno == EAGAIN || errno == ENOBUFS);
    if (!is_full)
        warn(text);
    if (to >= 0)
        close(to);
    return !is_full;
}

__attribute__((format(printf, 2, 0))) static int tell(int fd, const char *format, va_list arguments)
{
    char text[1024];

    if (!service_manager_is_there())
        return 1;
    vsnprintf(text, sizeof text, format, arguments);
    return send_text(text, fd);
}

int service_manager_tell(const char *format, ...)
{
    va_list arguments;
    int told;

    va_start(arguments, format);
    told = tell(-1, format, arguments);
    va_end(arguments);
    return told;
}

int service_manager_tell_with(int fd, const char *format, ...)
{
    va_list arguments;
    int told;

    va_start(arguments, format);
    told = tell(fd, format, arguments);
    va_end(arguments);
    return told;
}
