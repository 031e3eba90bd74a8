/* SPDX-License-Identifier: MIT */
#include "sockets/unix_spec.h"

const char spec_types[] = "tcp, tcp6, http, https, udp, udp6";
const char spec_form[] = "[NAME=][TYPE::]PORT, HOST:PORT or [V6]:PORT";

int parse_path(const struct parser *parser, const char *path, struct spec *spec)
{
    return refuse(parser,
                  "type %s does not exist on Windows ('%s' is a path); use tcp, as in tcp::5000",
                  spec->type->name, path);
}
