/* SPDX-License-Identifier: MIT
 * What the argument of -s says: [NAME=][TYPE::]VALUE[,OPTION...], as in listenfd.h. */
#ifndef SYSTEMFD_SPEC_H
#define SYSTEMFD_SPEC_H

#include "net.h"

#include <stddef.h>

/* One row of the table of types. */
struct socket_type {
    const char *name;
    const char *scheme;      /* "http": the address is shown as a URL */
    const char *description; /* what else is shown with the address; NULL with a scheme */
    int family;              /* AF_UNIX, AF_INET6 (only that), AF_UNSPEC (either) */
    int type;                /* SOCK_STREAM ... */
};

struct spec {
    const char *text; /* the whole argument */
    const char *name; /* NULL: none; ended by name_length, not by NUL */
    size_t name_length;
    const struct socket_type *type;
    struct sockaddr_storage address;
    socklen_t address_size;
    int every_host; /* "*:80": IPv6 and, through it, IPv4 */
    int localhost;  /* "80", "localhost:80": IPv4, or IPv6 where the loopback has no other */
    int mode;       /* of a unix path; -1: what umask gives */
    int v6only, reuse_port;
    int backlog; /* 0: what --backlog says */
};

/* Returns 1, or 0 with the reason in error. spec keeps pointers into text. */
int spec_parse(const char *text, struct spec *spec, char *error, size_t error_size);

/* Every host without IPv6: then IPv4 is every address there is. */
void spec_fall_back_to_ipv4(struct spec *spec);

/* Localhost without IPv4. */
void spec_fall_back_to_ipv6(struct spec *spec);

/* The types' names, for help and error messages. */
extern const char spec_types[];
extern const char spec_form[];

#endif
