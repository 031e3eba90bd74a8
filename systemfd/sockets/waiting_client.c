/* SPDX-License-Identifier: MIT */
#include "waiting_client.h"

#include "net.h"

int client_is_waiting(const struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        struct pollfd entry = {.fd = sockets->list[i].fd, .events = POLLIN};
        if (poll(&entry, 1, 0) > 0)
            return 1;
    }
    return 0;
}
