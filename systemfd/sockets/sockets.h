/* SPDX-License-Identifier: MIT
 * The sockets that the command gets, in order. */
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
    struct spec *specs;         /* the specs of those that were opened */
    struct listenfd *inherited; /* what was passed to systemfd itself; has the names of those */
    struct passed_socket *list;
    size_t count;
    size_t stored;    /* how many descriptors follow in the list that servers have stored; they are
                       * only passed to the command, after the sockets */
    int named;        /* at least one has a name */
    int are_accepted; /* --accept: their connections are passed instead of them */
    size_t at_stdin;  /* 1 if the first one is passed as descriptor 0; otherwise 0 */
};

/* Takes the sockets that were passed to systemfd itself, then opens one for each -s. Exits with a
 * message if one cannot be taken or opened. */
void sockets_open(struct sockets *sockets, const struct options *options);

/* How many descriptors are passed: the sockets, and those that servers have stored. */
size_t sockets_passed(const struct sockets *sockets);

/* Reports each socket, as "~> socket http://127.0.0.1:5000/ -> fd #3", where `place` is "fd" and
 * `first` is 3. */
void sockets_report(const struct sockets *sockets, const char *place, int first);

/* The number by which the command finds that socket. `first` is the number of the first one that is
 * not standard input. */
int socket_number(const struct sockets *sockets, size_t index, int first);

/* The value of LISTEN_FDNAMES, which leaves out standard input; for free(). */
char *sockets_names(const struct sockets *sockets);

#endif
