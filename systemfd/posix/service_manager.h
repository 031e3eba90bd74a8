/* SPDX-License-Identifier: MIT
 * Tells the service manager that started systemfd, such as systemd, how it goes: on the socket that
 * NOTIFY_SOCKET names (sd_notify(3)). */
#ifndef SYSTEMFD_SERVICE_MANAGER_H
#define SYSTEMFD_SERVICE_MANAGER_H

/* Reads the manager's variables and removes them from the environment, as they are not for our
 * children. From now on the manager is also told why systemfd dies (ERRNO=, STATUS=). */
void service_manager_open(void);

/* Is there a manager that wants to be told? Not for a process that was forked. */
int service_manager_is_there(void);

/* Sends lines of NAME=VALUE as one message, without waiting. Returns 0 if there is no room for it
 * until the manager has read earlier ones: send it again later. Otherwise returns 1, even if there
 * is no manager, or if it cannot be sent at all; the latter is reported once. */
int service_manager_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same. The manager gets a copy of that descriptor, too. */
int service_manager_tell_with(int fd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many descriptors the manager stores for us (FDSTORE, since systemd 254); 0: unknown. */
unsigned service_manager_stores(void);

/* Within how many microseconds the manager wants to hear WATCHDOG=1 again; 0: it does not. */
unsigned long long service_manager_watchdog_usec(void);

#endif
