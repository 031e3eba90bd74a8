/* SPDX-License-Identifier: MIT
 * What is said on the socket for READY=1, to systemfd/posix/notify.c. An input:
 *
 *     message=s:         and all that follows, up to the next "\nmessage=": one datagram. It comes
 *                        from: s: the same user; r: root; g: another user, but the server's group;
 *                        o: another user; n: nobody says whom */
#include "input.h"

#include "systemfd/posix/notify.h"
#include "systemfd/report.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { SOCKET = 1000000, GROUP = 4000, MEMBER, SOMEBODY, MOST_AT_ONCE = 64 };

static const char mark[] = "\nmessage=";

static struct {
    const uint8_t *rest;
    size_t left;
} arriving;

/* ---- In the place of the system ---- */

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
uid_t __wrap_geteuid(void);
pid_t __wrap_getpgid(pid_t id);

uid_t __wrap_geteuid(void)
{
    return 1000;
}

pid_t __wrap_getpgid(pid_t id)
{
    return id == MEMBER ? GROUP : id;
}

/* The next datagram: its first two bytes say who sends it. */
static const uint8_t *next_datagram(size_t *size, char *sender)
{
    const uint8_t *begin = arriving.rest, *end;

    if (arriving.left < 2)
        return NULL;
    end = memmem(begin, arriving.left, mark, strlen(mark));
    *size = end ? (size_t)(end - begin) : arriving.left;
    arriving.left -= end ? *size + strlen(mark) : *size;
    arriving.rest += end ? *size + strlen(mark) : *size;
    *sender = *size > 0 ? (char)*begin : 'n';
    begin += *size < 2 ? *size : 2;
    *size -= *size < 2 ? *size : 2;
    return begin;
}

static void tell_sender(struct msghdr *message, char sender)
{
    struct ucred who = {SOMEBODY, 1001, 1001};
    struct cmsghdr *header = CMSG_FIRSTHDR(message);

    assert(header && message->msg_controllen >= CMSG_SPACE(sizeof who));
    message->msg_controllen = sender == 'n' ? 0 : CMSG_SPACE(sizeof who);
    who.uid = sender == 's' ? 1000 : sender == 'r' ? 0 : 1001;
    who.pid = sender == 'g' ? MEMBER : SOMEBODY;
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof who);
    memcpy(CMSG_DATA(header), &who, sizeof who);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    size_t size, room = message->msg_iov->iov_len;
    char sender;
    const uint8_t *datagram = next_datagram(&size, &sender);

    assert(fd == SOCKET && flags == MSG_DONTWAIT && message->msg_iovlen == 1);
    if (!datagram) {
        errno = EAGAIN;
        return -1;
    }
    tell_sender(message, sender);
    message->msg_flags = size > room ? MSG_TRUNC : 0;
    size = size < room ? size : room;
    memcpy(message->msg_iov->iov_base, datagram, size);
    return (ssize_t)size;
}

/* ---- What should be heard ---- */

/* A line of that name and, unless it is NULL, that value. */
static int is_line(const char *line, size_t length, const char *name, const char *value)
{
    size_t size = strlen(name);

    return length >= size && memcmp(line, name, size) == 0 &&
           (!value ||
            (length - size == strlen(value) && memcmp(line + size, value, length - size) == 0));
}

static void hear_line(const char *line, size_t length, struct said *said)
{
    static const char status[] = "STATUS=", extend[] = "EXTEND_TIMEOUT_USEC=";
    unsigned long long number;
    char value[4096];

    if (is_line(line, length, "READY=", "1"))
        said->ready = 1;
    if (is_line(line, length, "STOPPING=", "1"))
        said->stopping = 1;
    if (is_line(line, length, "WATCHDOG=", "1"))
        said->alive = 1;
    if (is_line(line, length, status, NULL))
        snprintf(said->status, sizeof said->status, "%.*s", (int)(length - strlen(status)),
                 line + strlen(status));
    if (!is_line(line, length, extend, NULL))
        return;
    snprintf(value, sizeof value, "%.*s", (int)(length - strlen(extend)), line + strlen(extend));
    if (is_number(value, LLONG_MAX, &number))
        said->extend_ms = (long long)(number / 1000);
    else if (*value != '\0' && strspn(value, "0123456789") == strlen(value))
        said->extend_ms = LLONG_MAX / 1000;
}

/* As systemd has it: with a NUL in it, but for one at its end, it means nothing. */
static void hear(const char *text, size_t size, struct said *said)
{
    const char *end;

    if (size > 0 && text[size - 1] == '\0')
        size--;
    if (size == 0 || memchr(text, '\0', size))
        return;
    for (size_t length; size > 0; text += length, size -= length) {
        end = memchr(text, '\n', size);
        length = end ? (size_t)(end - text) : size;
        hear_line(text, length, said);
        length += end != NULL;
    }
}

static void hear_all(struct said *said)
{
    const uint8_t *datagram;
    size_t size;
    char sender;

    for (int i = 0; i < MOST_AT_ONCE && (datagram = next_datagram(&size, &sender)) != NULL; i++)
        if (size < 4096 && memchr("srg", sender, 3))
            hear((const char *)datagram, size, said);
}

/* ---- */

static void arrive(const uint8_t *data, size_t size)
{
    arriving.rest = input_rest(data, size, mark + 1, &arriving.left);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct notify notify = {.fd = SOCKET};
    struct said said = {0}, should_be = {0};

    arrive(data, size);
    notify_read(&notify, GROUP, &said);
    arrive(data, size);
    hear_all(&should_be);
    assert(said.ready == should_be.ready && said.stopping == should_be.stopping);
    assert(said.alive == should_be.alive);
    assert(said.extend_ms == should_be.extend_ms && said.extend_ms >= 0);
    assert(strcmp(said.status, should_be.status) == 0);
    make_printable(said.status); /* as report does it */
    assert(strlen(said.status) < sizeof said.status);
    assert_printable(said.status);
    return 0;
}
