/* SPDX-License-Identifier: MIT
 * To be preloaded into a server. It acts as another process that shares the listener and is faster,
 * once: it accepts the connection that has woken up the server, and closes it, before the server
 * can accept. */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int stolen;

int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
    if (!__atomic_exchange_n(&stolen, 1, __ATOMIC_RELAXED))
        close((int)syscall(SYS_accept4, listener, NULL, NULL, 0));
    return (int)syscall(SYS_accept4, listener, address, size, flags);
}

int accept(int listener, struct sockaddr *address, socklen_t *size)
{
    return accept4(listener, address, size, 0);
}
