/* SPDX-License-Identifier: MIT
 * What is said on the socket for READY=1, to systemfd/posix/notify.c. An input:
 *
 *     message=s:         and all that follows, up to the next "\nmessage=": one datagram. It comes
 *                        from: s: the same user; r: root; g: another user, but the server's group;
 *                        o: another user; n: nobody says whom. In the place of the ':' there may
 *                        be a digit: so many descriptors come with it, and a '9' stands for more
 *                        than there is room for */
#include "input.h"

#include "systemfd/posix/descriptor_store.h"
#include "systemfd/posix/notify.h"
#include "systemfd/report.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SOCKET = 1000000, GROUP = 4000, MEMBER, SOMEBODY, MOST_AT_ONCE = 1024, TOO_MANY = 9 };

static const char mark[] = "\nmessage=";

static struct {
    const uint8_t *rest;
    size_t left;
} arriving;

/* ---- What becomes of descriptors ---- */

static int sent, ended;                         /* each of them is closed or stored, once */
static char log_[1 << 16], should_log[1 << 16]; /* what the store is asked for, and should be */
static size_t logged, should_have_logged;

__attribute__((format(printf, 3, 4))) static void note(char *text, size_t *length,
                                                       const char *format, ...)
{
    va_list arguments;

    if (*length > sizeof log_ - 512)
        return;
    va_start(arguments, format);
    *length += (size_t)vsnprintf(text + *length, 512, format, arguments);
    va_end(arguments);
}

static void assert_name(const char *name, size_t length)
{
    assert(length <= 255 && !memchr(name, ':', length) && !memchr(name, '\n', length));
    for (size_t i = 0; i < length; i++)
        assert(name[i] >= ' ' && name[i] < 127);
}

void descriptor_store_add(int fd, const char *name, size_t length, int is_polled)
{
    assert(fd == SOCKET + ++ended);
    assert_name(name, length);
    note(log_, &logged, "store %.*s %d\n", (int)length, name, is_polled);
}

void descriptor_store_remove(const char *name, size_t length)
{
    assert_name(name, length);
    note(log_, &logged, "remove %.*s\n", (int)length, name);
}

int __wrap_close(int fd);
int __wrap_close(int fd)
{
    assert(fd > SOCKET && fd <= SOCKET + sent);
    ended++;
    return 0;
}

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

/* The next datagram: its first two bytes say who sends it, and with how many descriptors. */
static const uint8_t *next_datagram(size_t *size, char *sender, int *descriptors)
{
    const uint8_t *begin = arriving.rest, *end;

    if (arriving.left < 2)
        return NULL;
    end = memmem(begin, arriving.left, mark, strlen(mark));
    *size = end ? (size_t)(end - begin) : arriving.left;
    arriving.left -= end ? *size + strlen(mark) : *size;
    arriving.rest += end ? *size + strlen(mark) : *size;
    *sender = *size > 0 ? (char)*begin : 'n';
    *descriptors = *size > 1 && begin[1] >= '0' && begin[1] <= '9' ? begin[1] - '0' : 0;
    begin += *size < 2 ? *size : 2;
    *size -= *size < 2 ? *size : 2;
    return begin;
}

static size_t tell_sender(struct cmsghdr *header, char sender)
{
    struct ucred who = {SOMEBODY, 1001, 1001};

    if (sender == 'n')
        return 0;
    who.uid = sender == 's' ? 1000 : sender == 'r' ? 0 : 1001;
    who.pid = sender == 'g' ? MEMBER : SOMEBODY;
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof who);
    memcpy(CMSG_DATA(header), &who, sizeof who);
    return CMSG_SPACE(sizeof who);
}

static size_t send_descriptors(struct cmsghdr *header, int count)
{
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    for (int i = 0; i < count; i++) {
        int fd = SOCKET + ++sent;
        memcpy(CMSG_DATA(header) + (size_t)i * sizeof fd, &fd, sizeof fd);
    }
    return count > 0 ? CMSG_SPACE((size_t)count * sizeof(int)) : 0;
}

static void send_control(struct msghdr *message, char sender, int descriptors)
{
    char *control = message->msg_control;
    size_t size;

    assert(message->msg_controllen >=
           CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(253 * sizeof(int)));
    size = tell_sender(message->msg_control, sender);
    size += send_descriptors((struct cmsghdr *)(void *)(control + size), descriptors);
    message->msg_controllen = size;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    size_t size, room = message->msg_iov->iov_len;
    char sender;
    int descriptors;
    const uint8_t *datagram = next_datagram(&size, &sender, &descriptors);

    assert(ended == sent); /* nothing of the one before is left */
    assert(fd == SOCKET && flags == (MSG_DONTWAIT | MSG_CMSG_CLOEXEC) && message->msg_iovlen == 1);
    if (!datagram) {
        errno = EAGAIN;
        return -1;
    }
    send_control(message, sender, descriptors);
    message->msg_flags = (size > room ? MSG_TRUNC : 0) | (descriptors == TOO_MANY ? MSG_CTRUNC : 0);
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
    if (is_line(line, length, "WATCHDOG=", "trigger"))
        said->is_broken = 1;
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

/* A line of the text that begins so, or NULL; *length is of what follows. */
static const char *find_line(const char *text, size_t size, const char *beginning, size_t *length)
{
    size_t skip = strlen(beginning), line;

    for (size_t at = 0; at < size; at += line + 1) {
        const char *end = memchr(text + at, '\n', size - at);
        line = end ? (size_t)(end - text) - at : size - at;
        if (line >= skip && memcmp(text + at, beginning, skip) == 0) {
            *length = line - skip;
            return text + at + skip;
        }
    }
    return NULL;
}

static int has_line(const char *text, size_t size, const char *line)
{
    char *copy = strndup(text, size), *rest = copy, *word;
    int found = 0;

    while ((word = strsep(&rest, "\n")) != NULL)
        found |= strcmp(word, line) == 0;
    free(copy);
    return found;
}

static int is_good_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (name[i] < 0x20 || name[i] > 0x7e || name[i] == ':')
            return 0;
    return length <= 255;
}

/* What the store should be asked for. */
static void keep(const char *text, size_t size, int descriptors)
{
    size_t length = 0;
    const char *name = find_line(text, size, "FDNAME=", &length);
    int is_good = name && is_good_name(name, length);

    if (has_line(text, size, "FDSTOREREMOVE=1")) {
        if (is_good)
            note(should_log, &should_have_logged, "remove %.*s\n", (int)length, name);
    } else if (has_line(text, size, "FDSTORE=1") && descriptors != TOO_MANY) {
        for (int i = 0; i < descriptors; i++)
            note(should_log, &should_have_logged, "store %.*s %d\n", is_good ? (int)length : 6,
                 is_good ? name : "stored", !has_line(text, size, "FDPOLL=0"));
    }
}

static void hear_all(struct said *said)
{
    const uint8_t *datagram;
    size_t size;
    char sender;
    int descriptors;

    for (int i = 0; i < MOST_AT_ONCE && (datagram = next_datagram(&size, &sender, &descriptors));
         i++)
        if (size < 4096 && memchr("srg", sender, 3)) {
            hear((const char *)datagram, size, said);
            if (size > 0 && ((const char *)datagram)[size - 1] == '\0')
                size--;
            if (!memchr(datagram, '\0', size))
                keep((const char *)datagram, size, descriptors);
        }
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

    sent = ended = 0;
    logged = should_have_logged = 0;
    arrive(data, size);
    notify_read(&notify, GROUP, &said);
    arrive(data, size);
    hear_all(&should_be);
    assert(ended == sent);
    assert(logged == should_have_logged && memcmp(log_, should_log, logged) == 0);
    assert(said.ready == should_be.ready && said.stopping == should_be.stopping);
    assert(said.alive == should_be.alive && said.is_broken == should_be.is_broken);
    assert(said.extend_ms == should_be.extend_ms && said.extend_ms >= 0);
    assert(strcmp(said.status, should_be.status) == 0);
    make_printable(said.status); /* as report does it */
    assert(strlen(said.status) < sizeof said.status);
    assert_printable(said.status);
    return 0;
}
