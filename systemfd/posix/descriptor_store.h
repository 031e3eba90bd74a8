/* SPDX-License-Identifier: MIT
 * The descriptor store. Servers send descriptors with FDSTORE=1 (sd_pid_notify_with_fds(3)), such
 * as a memfd with their state or a listener that they opened themselves, and every server that
 * starts later gets them back. A service manager above systemfd gets them, too, and passes them to
 * the next systemfd (FileDescriptorStoreMax= in systemd.service(5)). */
#ifndef SYSTEMFD_DESCRIPTOR_STORE_H
#define SYSTEMFD_DESCRIPTOR_STORE_H

#include "sockets/sockets.h"

#include <poll.h>

enum { MOST_STORED = 256 };

/* Starts with what the service manager passed to this systemfd. */
void descriptor_store_open(const struct sockets *given);

/* How many descriptors it takes: MOST_STORED, or fewer if RLIMIT_NOFILE or the service manager
 * allows only fewer. */
size_t descriptor_store_most(void);

/* Stores the descriptor under that name. It now belongs to the store, which closes it if it is a
 * duplicate, or if the store is full; the latter is reported once. is_polled: drop it as soon as
 * poll(2) says POLLHUP or POLLERR. */
void descriptor_store_add(int fd, const char *name, size_t length, int is_polled);

/* Closes all descriptors with that name. */
void descriptor_store_remove(const char *name, size_t length);

/* Those sockets, followed by the stored descriptors. For a child process that is about to become a
 * server: the list is not freed. */
struct sockets descriptor_store_behind(const struct sockets *given);

/* Fills in entries for poll(2), MOST_STORED at most, and returns how many. Give them to
 * descriptor_store_polled afterwards, before anything is added or removed. */
size_t descriptor_store_poll(struct pollfd *entries);
void descriptor_store_polled(const struct pollfd *entries, size_t polled);

/* Does both, without waiting. */
void descriptor_store_check(void);

/* Tells the service manager what its queue had no room for. Call it after descriptor_store_timeout
 * milliseconds at the latest (-1: there is nothing to tell). */
void descriptor_store_look(void);
int descriptor_store_timeout(void);

#endif
