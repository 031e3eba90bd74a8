/* SPDX-License-Identifier: MIT */
#include "open.h"

void format_bound_address(listenfd_socket fd, char *text, size_t size)
{
    if (listenfd_address(fd, text, size) == 0)
        listenfd_describe_socket(fd, text, size);
}
