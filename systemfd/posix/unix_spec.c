/* SPDX-License-Identifier: MIT */
#include "sockets/unix_spec.h"

#include <stddef.h>
#include <string.h>
#include <sys/un.h>

const char spec_types[] = "tcp, tcp6, http, https, udp, udp6, unix, unix-datagram, unix-seqpacket";
const char spec_form[] = "[NAME=][TYPE::]PORT, HOST:PORT, [V6]:PORT, PATH or @ABSTRACT";

int parse_path(const struct parser *parser, const char *path, struct spec *spec)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&spec->address;
    size_t length = strlen(path);

#ifndef __linux__
    if (*path == '@')
        return refuse(parser, "abstract names exist on Linux only");
#endif
    if (length == 0 || (length == 1 && *path == '@'))
        return refuse(parser, "the path is empty");
    if (length >= sizeof address->sun_path)
        return refuse(parser, "the path is %lu bytes long, %lu more than a socket's path may be",
                      (unsigned long)length,
                      (unsigned long)(length - sizeof address->sun_path + 1));
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    spec->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (*path == '@') {
        address->sun_path[0] = '\0';
        spec->address_size--; /* an abstract name has no NUL at its end: every byte counts */
    }
    return 1;
}
