/* SPDX-License-Identifier: MIT */
#include "writer.h"

#include "clock.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SIZE = 1 << 20,
    FULL = SIZE * 3 / 4, /* the rest is for the last output of processes that end */
    STALL_MS = 1000      /* a reader that reads nothing for so long is not waited for */
};

struct writer {
    int fd, target;
    int is_socket;
    size_t most; /* bytes that write(2) takes without waiting after poll(2) */
    char bytes[SIZE];
    size_t start, length; /* of the waiting text; bytes is a ring buffer */
    long long progressed; /* when text was last written, or began to wait */
    unsigned long long dropped;
};

static struct writer writers[WRITERS];
static pid_t owner;

static struct writer *writer_of(int target)
{
    return &writers[target - 1];
}

/* ---- Opening ---- */

/* Opens a pipe or terminal again: other processes share the open file at `target`, and do not
 * expect it to be non-blocking (pipe(7), proc(5): /proc/PID/fd). A socket has MSG_DONTWAIT. A file
 * never blocks, and must not be opened twice, because each open has its own offset. */
static int open_nonblocking(int target, mode_t mode)
{
    char name[] = "/proc/self/fd/?";

    if (!S_ISFIFO(mode) && !S_ISCHR(mode))
        return -1;
    name[sizeof name - 2] = (char)('0' + target);
    return open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void open_writer(int target)
{
    struct writer *writer = writer_of(target);
    struct stat status;
    mode_t mode = fstat(target, &status) == 0 ? status.st_mode : 0;
    int fd = open_nonblocking(target, mode);

    writer->target = target;
    writer->is_socket = S_ISSOCK(mode);
    writer->fd = fd >= 0 ? fd : target;
    writer->most = fd >= 0 || S_ISREG(mode) ? SIZE : PIPE_BUF;
}

/* A forked child may report something before it becomes the command: that is written directly. */
static void print(const char *text, size_t length)
{
    if (getpid() == owner) {
        writer_put(STDERR_FILENO, text, length);
    } else {
        ssize_t written = write(STDERR_FILENO, text, length);
        (void)written;
    }
}

void writers_open(void)
{
    owner = getpid();
    open_writer(STDOUT_FILENO);
    open_writer(STDERR_FILENO);
    report_through(print);
    atexit(writers_finish);
}

/* ---- Writing ---- */

static int is_writable(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};

    return poll(&entry, 1, 0) > 0;
}

/* Writes up to the end of the ring. Returns how many bytes, or below 0 with errno. */
static ssize_t write_piece(const struct writer *writer)
{
    const char *from = writer->bytes + writer->start;
    size_t piece = SIZE - writer->start;

    if (piece > writer->length)
        piece = writer->length;
    if (writer->is_socket)
        return send(writer->fd, from, piece, MSG_DONTWAIT);
    if (writer->most < SIZE && !is_writable(writer->fd)) {
        errno = EAGAIN;
        return -1;
    }
    return write(writer->fd, from, piece < writer->most ? piece : writer->most);
}

static void write_some(struct writer *writer)
{
    while (writer->length > 0) {
        ssize_t written = write_piece(writer);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0 && errno == EAGAIN)
            return;
        if (written <= 0) { /* a full disk or closed terminal: the servers matter more */
            writer->length = 0;
            return;
        }
        writer->start = (writer->start + (size_t)written) % SIZE;
        writer->length -= (size_t)written;
        writer->progressed = now_ms();
    }
    writer->start = 0; /* use the first pages again: the rest may never need memory */
}

/* Reports it when half of the buffer is free: then somebody reads again. */
static void say_what_was_dropped(struct writer *writer)
{
    unsigned long long dropped = writer->dropped;

    if (dropped == 0 || writer->length > SIZE / 2)
        return;
    writer->dropped = 0;
    report("%llu bytes of %s were dropped: nobody read them", dropped,
           writer->target == STDOUT_FILENO ? "output" : "output and reports");
}

void writers_write(void)
{
    for (int i = 0; i < WRITERS; i++) {
        write_some(&writers[i]);
        say_what_was_dropped(&writers[i]);
    }
}

static void append(struct writer *writer, const char *text, size_t length)
{
    size_t end = (writer->start + writer->length) % SIZE;
    size_t piece = length < SIZE - end ? length : SIZE - end;

    memcpy(writer->bytes + end, text, piece);
    memcpy(writer->bytes, text + piece, length - piece);
    if (writer->length == 0)
        writer->progressed = now_ms();
    writer->length += length;
}

void writer_put(int target, const char *text, size_t length)
{
    struct writer *writer = writer_of(target);

    if (writer->dropped > 0 || length > SIZE - writer->length) {
        writer->dropped += length;
        return;
    }
    append(writer, text, length);
    write_some(writer);
}

/* ---- Waiting ---- */

static int has_stalled(const struct writer *writer)
{
    return now_ms() - writer->progressed >= STALL_MS;
}

int writer_is_full(int target)
{
    const struct writer *writer = writer_of(target);

    return writer->length > FULL && !has_stalled(writer);
}

int writers_timeout(void)
{
    int wait = -1;

    for (int i = 0; i < WRITERS; i++)
        if (writers[i].length > FULL && !has_stalled(&writers[i]))
            wait = earlier(wait, until(writers[i].progressed + STALL_MS));
    return wait;
}

size_t writers_poll(struct pollfd *entries)
{
    size_t count = 0;

    for (int i = 0; i < WRITERS; i++)
        if (writers[i].length > 0)
            entries[count++] = (struct pollfd){.fd = writers[i].fd, .events = POLLOUT};
    return count;
}

void writers_finish(void)
{
    struct pollfd entries[WRITERS];
    long long deadline = now_ms() + STALL_MS;
    size_t count;

    if (getpid() != owner)
        return;
    while ((count = writers_poll(entries)) > 0 && until(deadline) > 0 &&
           poll(entries, (nfds_t)count, until(deadline)) != 0)
        writers_write();
}
