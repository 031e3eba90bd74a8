/* SPDX-License-Identifier: MIT
 * The service manager that started systemfd, if one did: the socket on which it wants to be told
 * how it goes (sd_notify(3), NOTIFY_SOCKET). systemd is one. */
#ifndef SYSTEMFD_SERVICE_MANAGER_H
#define SYSTEMFD_SERVICE_MANAGER_H

/* Takes its variables out of the environment: they are for this process, not for its children. From
 * now on it is told why systemfd dies, too (ERRNO=, STATUS=). */
void service_manager_open(void);

/* Does one want to be told? */
int service_manager_is_there(void);

/* Sends lines of NAME=VALUE, as one message. Nothing is waited for: 0 when the manager has yet to
 * read what came before, and this may be sent again later. When it cannot be sent at all, that is
 * reported once. */
int service_manager_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, with a copy of that descriptor. */
int service_manager_tell_with(int fd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many descriptors it stores for us (FDSTORE, since systemd 254), or 0 if it does not say. */
unsigned service_manager_stores(void);

/* In how many microseconds it wants to hear WATCHDOG=1 at the latest; 0: it does not. */
unsigned long long service_manager_watchdog_usec(void);

#endif
