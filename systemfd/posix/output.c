/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* posix_openpt() */
#endif
#include "devserver/output.h"

#include "numbered_lines.h"
#include "report.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

struct output {
    int fd, target;
    struct tail *tail;
    struct numbered_lines *lines; /* NULL: the output is copied unchanged */
};

static struct output outputs[MAX_OUTPUTS];
static size_t output_count;

/* ---- Opening ---- */

static void put(int target, const char *text, size_t length)
{
    writer_put(target, text, length);
    if (target == STDERR_FILENO)
        report_below(text, length);
}

static void forget(size_t index)
{
    numbered_lines_close(outputs[index].lines, put, outputs[index].target);
    close(outputs[index].fd);
    output_count--;
    memmove(&outputs[index], &outputs[index + 1], (output_count - index) * sizeof outputs[0]);
}

static void copy_size(int from, int to)
{
    struct winsize size;

    if (ioctl(from, TIOCGWINSZ, &size) == 0)
        ioctl(to, TIOCSWINSZ, &size);
}

void outputs_resize(void)
{
    for (size_t i = 0; i < output_count; i++)
        copy_size(outputs[i].target, outputs[i].fd);
}

/* Opens both ends of a pseudoterminal that passes output unchanged. Returns 0, or -1 with errno. */
static int open_terminal(int target, int ends[2])
{
    struct termios modes;
    const char *name;

    ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
    if (ends[0] < 0)
        return -1;
    if (grantpt(ends[0]) < 0 || unlockpt(ends[0]) < 0 || !(name = ptsname(ends[0])) ||
        (ends[1] = open(name, O_RDWR | O_NOCTTY)) < 0) {
        close(ends[0]);
        return -1;
    }
    if (tcgetattr(ends[1], &modes) == 0) {
        modes.c_oflag &= ~(tcflag_t)OPOST; /* our own terminal adds the carriage returns */
        tcsetattr(ends[1], TCSANOW, &modes);
    }
    copy_size(target, ends[0]);
    return 0;
}

int output_open(int target, struct tail *tail)
{
    struct output *output;
    int ends[2];

    if (output_count == MAX_OUTPUTS) /* processes that old servers left keep the first open */
        forget(0);
    output = &outputs[output_count];
    if ((!isatty(target) || open_terminal(target, ends) < 0) && pipe(ends) < 0)
        return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    output->fd = ends[0];
    output->target = target;
    output->tail = tail;
    output->lines = NULL;
    output_count++;
    return ends[1];
}

void outputs_number(size_t streams, long process)
{
    for (size_t i = output_count - streams; i < output_count; i++)
        outputs[i].lines = numbered_lines_open(process);
}

/* ---- Copying ---- */

/* Returns 0 at the end of the output, which a terminal reports as EIO. */
static int copy(const struct output *output)
{
    char text[16384];
    ssize_t got = read(output->fd, text, sizeof text);

    if (got > 0) {
        if (output->lines)
            numbered_lines_add(output->lines, text, (size_t)got, put, output->target);
        else
            put(output->target, text, (size_t)got);
        tail_add(output->tail, text, (size_t)got);
        return 1;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static size_t poll_outputs(struct pollfd *entries)
{
    for (size_t i = 0; i < output_count; i++)
        entries[i] = (struct pollfd){.fd = outputs[i].fd, .events = POLLIN};
    return output_count;
}

/* Leaves out outputs with a slow reader, so that the process that writes waits, as it would without
 * systemfd. */
size_t outputs_poll(struct pollfd *entries)
{
    size_t count = poll_outputs(entries);

    for (size_t i = 0; i < count; i++)
        if (writer_is_full(outputs[i].target))
            entries[i].fd = -1;
    return count + writers_poll(entries + count);
}

int outputs_timeout(void)
{
    return writers_timeout();
}

/* The entries of outputs_poll begin with one for each output. */
void outputs_copy(const struct pollfd *entries)
{
    writers_write();
    for (size_t i = output_count; i-- > 0;)
        if (entries[i].revents && !copy(&outputs[i]))
            forget(i);
}

void outputs_drain(void)
{
    struct pollfd entries[MAX_OUTPUT_ENTRIES];
    size_t count = poll_outputs(entries);

    /* No more than a pipe holds, as a process may write without end. */
    for (int i = 0; i < 4 && count > 0 && poll(entries, (nfds_t)count, 0) > 0; i++) {
        outputs_copy(entries);
        count = poll_outputs(entries);
    }
}
