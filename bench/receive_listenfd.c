/* SPDX-License-Identifier: MIT */
#include "listenfd.h"
#include "receiver.h"

size_t receive_all(void)
{
    struct listenfd *passed = listenfd_from_env(0);
    size_t count = listenfd_count(passed), taken = 0;
    listenfd_socket fd;

    for (size_t i = 0; i < count; i++)
        taken += listenfd_take_tcp_listener(passed, i, &fd) == 1;
    listenfd_free(passed);
    return taken;
}
