/* SPDX-License-Identifier: MIT
 * The sockets to hand over, in order. */
#ifndef SYSTEMFD_SOCKETS_H
#define SYSTEMFD_SOCKETS_H

#include "listenfd.h"
#include "options.h"
#include "spec.h"

#include <stddef.h>

struct passed_socket {
    listenfd_socket fd;
    const struct spec *spec; /* NULL: it was passed to systemfd itself */
    const char *name;        /* not ended by NUL */
    size_t name_length;
};

struct sockets {
    struct spec *specs;         /* what the list points into, */
    struct listenfd *inherited; /* and the names */
    struct passed_socket *list;
    size_t count;
    int named;        /* at least one has a name */
    int are_accepted; /* their connections are passed, instead of them */
    size_t at_stdin;  /* how many of the first are passed as descriptor 0: none, or one */
};

/* Those that were passed to systemfd itself first, then one for each spec. Exits with a
 * message when one cannot be opened. */
void sockets_open(struct sockets *sockets, const struct options *options);

/* "~> socket http://127.0.0.1:5000/ -> fd #3" for each: place is "fd", and 3 the first. */
void sockets_report(const struct sockets *sockets, const char *place, int first);

/* Where the command finds one, if 3 is the first. */
int socket_number(const struct sockets *sockets, size_t index, int first);

/* The value of LISTEN_FDNAMES, for free(): of those that are not standard input. */
char *sockets_names(const struct sockets *sockets);

#endif
