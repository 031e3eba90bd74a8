/* SPDX-License-Identifier: MIT */
#include "descriptor_store.h"

#include "report.h"
#include "same_description.h"
#include "service_manager.h"
#include "sockets/descriptor_name.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RETRY_MS = 50 };

struct stored {
    int fd;
    char name[MOST_OF_NAME + 1];
    int is_polled;
    int is_untold;    /* the service manager does not have it yet */
    int is_inherited; /* it is also among the sockets that were passed to systemfd */
};

static const struct sockets *sockets;
static struct stored list[MOST_STORED];
static size_t count;
static char removed[MOST_STORED][MOST_OF_NAME + 1]; /* names that the manager must still remove */
static size_t removed_count;

size_t descriptor_store_most(void)
{
    unsigned managers = service_manager_stores();
    long open_max = sysconf(_SC_OPEN_MAX);
    size_t most = MOST_STORED;

    if (open_max > 0 && (size_t)open_max / 4 < most)
        most = (size_t)open_max / 4; /* exec_server needs three numbers for each */
    return managers > 0 && managers < most ? managers : most;
}

/* ---- The service manager ---- */

/* Removals first: descriptors that are still untold were stored after them. */
void descriptor_store_look(void)
{
    while (removed_count > 0 && service_manager_tell("FDSTOREREMOVE=1\nFDNAME=%s", removed[0])) {
        removed_count--;
        memmove(removed[0], removed[1], removed_count * sizeof removed[0]);
    }
    for (size_t i = 0; i < count && removed_count == 0; i++) {
        if (list[i].is_untold)
            list[i].is_untold =
                !service_manager_tell_with(list[i].fd, "FDSTORE=1\nFDNAME=%s%s", list[i].name,
                                           list[i].is_polled ? "" : "\nFDPOLL=0");
        if (list[i].is_untold)
            return;
    }
}

int descriptor_store_timeout(void)
{
    int any = removed_count > 0;

    for (size_t i = 0; i < count; i++)
        any |= list[i].is_untold;
    return any ? RETRY_MS : -1;
}

/* ---- The list ---- */

static void copy_name(char *to, const char *name, size_t length)
{
    memcpy(to, name, length);
    to[length] = '\0';
}

static int has_name(const struct stored *stored, const char *name, size_t length)
{
    return strlen(stored->name) == length && memcmp(stored->name, name, length) == 0;
}

static struct stored *append(int fd, const char *name, size_t length)
{
    struct stored *stored = &list[count++];

    memset(stored, 0, sizeof *stored);
    stored->fd = fd;
    copy_name(stored->name, name, length);
    return stored;
}

static void drop(size_t index)
{
    close(list[index].fd);
    count--;
    memmove(&list[index], &list[index + 1], (count - index) * sizeof *list);
}

static int is_full(void)
{
    static int warned;
    size_t most = descriptor_store_most();

    if (count < most)
        return 0;
    if (!warned)
        report("servers store more than %zu descriptors (FDSTORE=1); the others are closed", most);
    warned = 1;
    return 1;
}

static int is_stored(int fd)
{
    for (size_t i = 0; i < count; i++)
        if (is_same_description(list[i].fd, fd))
            return 1;
    return 0;
}

/* A stored listener that the service manager passed back may look like any other (was_stored.h). */
static int is_inherited(const struct stored *stored)
{
    for (size_t i = 0; i < sockets->count; i++) {
        const struct passed_socket *socket = &sockets->list[i];
        if (!socket->spec && has_name(stored, socket->name, socket->name_length) &&
            is_same_description(socket->fd, stored->fd))
            return 1;
    }
    return 0;
}

void descriptor_store_add(int fd, const char *name, size_t length, int is_polled)
{
    struct stored *stored;

    if (is_stored(fd) || is_full()) {
        close(fd);
        return;
    }
    stored = append(fd, name, length);
    stored->is_polled = is_polled;
    stored->is_untold = service_manager_is_there();
    stored->is_inherited = is_inherited(stored);
    descriptor_store_look();
}

static void note_removed(const char *name, size_t length)
{
    for (size_t i = 0; i < removed_count; i++)
        if (strlen(removed[i]) == length && memcmp(removed[i], name, length) == 0)
            return;
    if (removed_count < MOST_STORED)
        copy_name(removed[removed_count++], name, length);
}

void descriptor_store_remove(const char *name, size_t length)
{
    for (size_t i = count; i-- > 0;)
        if (has_name(&list[i], name, length))
            drop(i);
    if (service_manager_is_there())
        note_removed(name, length);
    descriptor_store_look();
}

/* Only the service manager knows which of them were sent with FDPOLL=0, so polling is left to it.
 */
void descriptor_store_open(const struct sockets *given)
{
    sockets = given;
    for (size_t i = 0; i < sockets->stored; i++) {
        const struct passed_socket *back = &sockets->list[sockets->count + i];
        if (is_full())
            close(back->fd);
        else
            append(back->fd, back->name, back->name_length);
    }
}

/* ---- Passing it on ---- */

struct sockets descriptor_store_behind(const struct sockets *given)
{
    struct sockets all = *given;

    all.stored = 0;
    if (count == 0)
        return all;
    all.list = allocated(malloc((given->count + count) * sizeof *all.list));
    memcpy(all.list, given->list, given->count * sizeof *all.list);
    for (size_t i = 0; i < count; i++)
        if (!list[i].is_inherited)
            all.list[all.count + all.stored++] = (struct passed_socket){
                .fd = list[i].fd, .name = list[i].name, .name_length = strlen(list[i].name)};
    all.named |= all.stored > 0;
    return all;
}

/* ---- Polling ---- */

size_t descriptor_store_poll(struct pollfd *entries)
{
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct pollfd){.fd = list[i].is_polled ? list[i].fd : -1};
    return count;
}

void descriptor_store_polled(const struct pollfd *entries, size_t polled)
{
    for (size_t i = polled; i-- > 0;)
        if (entries[i].revents & (POLLHUP | POLLERR))
            drop(i);
}

void descriptor_store_check(void)
{
    struct pollfd entries[MOST_STORED];
    size_t polled = descriptor_store_poll(entries);

    if (polled > 0 && poll(entries, (nfds_t)polled, 0) > 0)
        descriptor_store_polled(entries, polled);
}
