/* SPDX-License-Identifier: MIT */
#include "git_listing.h"

#include "clock.h"
#include "git_command.h"
#include "report.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void git_listing_start(struct git_listing *listing, const char *root,
                       void (*take)(const char *, const char *), const char *const *arguments)
{
    memset(listing, 0, sizeof *listing);
    listing->fd = -1;
    listing->take = take;
    listing->pid = git_start(root, arguments, NULL, &listing->fd);
    if (listing->pid > 0)
        listing->root = allocated(strdup(root));
}

static void take_whole(struct git_listing *listing)
{
    char *from = listing->text, *end = from + listing->length, *zero;

    while ((zero = memchr(from, '\0', (size_t)(end - from))) != NULL) {
        if (listing->take)
            listing->take(listing->root, from);
        from = zero + 1;
    }
    listing->length = (size_t)(end - from);
    memmove(listing->text, from, listing->length);
    if (listing->length == sizeof listing->text) /* no path is that long */
        listing->length = 0;
}

void git_listing_read(struct git_listing *listing)
{
    ssize_t got =
        read(listing->fd, listing->text + listing->length, sizeof listing->text - listing->length);

    if (got > 0) {
        listing->length += (size_t)got;
        take_whole(listing);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(listing->fd);
        listing->fd = -1;
    }
}

void git_listings_read(struct git_listing *listings, size_t count, long long deadline)
{
    struct pollfd entries[MOST_LISTINGS];

    for (;;) {
        size_t open = 0;
        for (size_t i = 0; i < count; i++) {
            entries[i] = (struct pollfd){.fd = listings[i].fd, .events = POLLIN};
            open += listings[i].fd >= 0;
        }
        if (open == 0 || until(deadline) == 0 ||
            (poll(entries, (nfds_t)count, until(deadline)) < 0 && errno != EINTR))
            return;
        for (size_t i = 0; i < count; i++)
            if (entries[i].revents)
                git_listing_read(&listings[i]);
    }
}

int git_listing_finish(struct git_listing *listing)
{
    pid_t pid = listing->pid;
    int status, in_time = listing->fd < 0;

    free(listing->root);
    listing->root = NULL;
    listing->pid = 0;
    if (!in_time)
        close(listing->fd);
    if (pid == 0 || listing->is_reaped)
        return -1;
    if (!in_time)
        kill(pid, SIGKILL);
    if (waitpid(pid, &status, 0) != pid || !in_time || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}
