/* SPDX-License-Identifier: MIT
 * The argument of -s: [NAME=][TYPE::]VALUE[,OPTION...], like the addresses of listenfd.h. */
#ifndef SYSTEMFD_SPEC_H
#define SYSTEMFD_SPEC_H

#include "net.h"

#include <stddef.h>

/* One row of the table of types. */
struct socket_type {
    const char *name;
    const char *scheme;      /* "http": the address is shown as a URL */
    const char *description; /* shown with the address instead; NULL if there is a scheme */
    int family;              /* AF_UNIX, AF_INET6 (only that), AF_UNSPEC (either) */
    int type;                /* SOCK_STREAM ... */
};

struct spec {
    const char *text; /* the whole argument */
    const char *name; /* NULL: none; not ended by NUL */
    size_t name_length;
    const struct socket_type *type;
    struct sockaddr_storage address;
    socklen_t address_size;
    int every_host; /* "*:80": one IPv6 socket for all IPv6 and IPv4 addresses */
    int localhost;  /* "80", "localhost:80": IPv4, or IPv6 if the loopback has only that */
    int mode;       /* of a unix socket's path; -1: what umask gives */
    int v6only, reuse_port;
    int backlog; /* 0: what --backlog says */
};

/* Parses an argument of -s. Returns 1, or 0 with the reason in error. *spec points into text. */
int spec_parse(const char *text, struct spec *spec, char *error, size_t error_size);

/* For "*:80" where there is no IPv6: all IPv4 addresses. */
void spec_fall_back_to_ipv4(struct spec *spec);

/* For "localhost:80" where the loopback has no IPv4: its IPv6 address. */
void spec_fall_back_to_ipv6(struct spec *spec);

/* The names of the types, and the forms of an argument, for --help and error messages. */
extern const char spec_types[];
extern const char spec_form[];

#endif
