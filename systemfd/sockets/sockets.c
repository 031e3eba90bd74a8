/* SPDX-License-Identifier: MIT */
#include "sockets.h"

#include "open.h"
#include "was_stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct sockets *sockets, listenfd_socket fd, const struct spec *spec,
                const char *name, size_t name_length)
{
    struct passed_socket *socket = &sockets->list[sockets->count++];

    socket->fd = fd;
    socket->spec = spec;
    socket->name = name;
    socket->name_length = name_length;
}

static void *allocate(size_t count, size_t size)
{
    return allocated(calloc(count + 1, size));
}

static void parse_specs(struct sockets *sockets, const struct options *options)
{
    char error[512];

    sockets->specs = allocate(options->sockets.count, sizeof *sockets->specs);
    for (size_t i = 0; i < options->sockets.count; i++)
        if (!spec_parse(options->sockets.list[i], &sockets->specs[i], error, sizeof error))
            die(EXIT_USAGE, "-s %s: %s", options->sockets.list[i], error);
}

__attribute__((noreturn)) static void die_for_inherited(const struct sockets *sockets)
{
    die(EXIT_CANNOT_OPEN, "cannot pass on the sockets that were passed to systemfd: %s",
        listenfd_message(sockets->inherited));
}

static void add_inherited(struct sockets *sockets, const char *names)
{
    for (size_t i = 0; i < listenfd_count(sockets->inherited); i++) {
        const char *name = listenfd_name(sockets->inherited, i);
        listenfd_socket fd;
        if (listenfd_take_raw(sockets->inherited, i, &fd) != 1)
            die_for_inherited(sockets);
        add(sockets, fd, NULL, name, strlen(name));
    }
    sockets->named = names && sockets->count > 0;
}

static void add_opened(struct sockets *sockets, const struct spec *spec,
                       const struct options *options)
{
    const char *name = spec->name ? spec->name : "unknown";
    size_t length = spec->name ? spec->name_length : strlen(name);

    add(sockets, open_spec(spec, options), spec, name, length);
    sockets->named |= spec->name != NULL;
}

/* A service manager passes its sockets first, then what servers have stored. Here the latter also
 * follow the sockets of -s. */
static void move_stored_behind(struct sockets *sockets, size_t inherited)
{
    size_t first = 0, opened = sockets->count - inherited, stored;
    struct passed_socket *rest;

    while (first < inherited && !was_stored(sockets->list[first].fd, sockets->list[first].name))
        first++;
    stored = inherited - first;
    if (stored == 0)
        return;
    rest = allocate(stored, sizeof *rest);
    memcpy(rest, sockets->list + first, stored * sizeof *rest);
    memmove(sockets->list + first, sockets->list + inherited, opened * sizeof *rest);
    memcpy(sockets->list + first + opened, rest, stored * sizeof *rest);
    free(rest);
    sockets->count -= stored;
    sockets->stored = stored;
}

static void receive_inherited(struct sockets *sockets)
{
    sockets->inherited = listenfd_from_env(0);
    if (!sockets->inherited)
        die(EXIT_CANNOT_OPEN, "out of memory");
    if (listenfd_status(sockets->inherited) < 0)
        die_for_inherited(sockets);
}

void sockets_open(struct sockets *sockets, const struct options *options)
{
    size_t inherited;
    const char *names = getenv("LISTEN_FDNAMES"); /* it only matters whether there are any */

    memset(sockets, 0, sizeof *sockets);
    parse_specs(sockets, options);
    receive_inherited(sockets);
    sockets->list = allocate(listenfd_count(sockets->inherited) + options->sockets.count,
                             sizeof *sockets->list);
    add_inherited(sockets, names);
    inherited = sockets->count;
    for (size_t i = 0; i < options->sockets.count; i++)
        add_opened(sockets, &sockets->specs[i], options);
    move_stored_behind(sockets, inherited);
    sockets->are_accepted = options->accept_max > 0;
    sockets->at_stdin = options->at_stdin || options->inetd ? 1 : 0;
}

size_t sockets_passed(const struct sockets *sockets)
{
    return sockets->count + sockets->stored;
}

int socket_number(const struct sockets *sockets, size_t index, int first)
{
    return index < sockets->at_stdin ? 0 : first + (int)(index - sockets->at_stdin);
}

static void report_one(const struct passed_socket *socket, const char *place)
{
    char address[256];

    format_bound_address(socket->fd, address, sizeof address);
    if (!socket->spec)
        report("socket %s (passed on) -> %s", address, place);
    else if (socket->spec->type->scheme)
        report("socket %s://%s/ -> %s", socket->spec->type->scheme, address, place);
    else
        report("socket %s (%s) -> %s", address, socket->spec->type->description, place);
}

void sockets_report(const struct sockets *sockets, const char *place, int first)
{
    char text[64];

    if (sockets->count == 0)
        report("warning: no sockets created; open one with -s before the command, as in -s "
               "http::5000 -- ./server");
    for (size_t i = 0; i < sockets_passed(sockets); i++) {
        snprintf(text, sizeof text, "%s #%d", place, socket_number(sockets, i, first));
        if (i < sockets->count)
            report_one(&sockets->list[i],
                       sockets->are_accepted ? "a process per connection" : text);
        else
            report("stored descriptor %.*s -> %s", (int)sockets->list[i].name_length,
                   sockets->list[i].name, text);
    }
}

char *sockets_names(const struct sockets *sockets)
{
    size_t size = 1;
    char *names, *end;

    for (size_t i = sockets->at_stdin; i < sockets_passed(sockets); i++)
        size += sockets->list[i].name_length + 1;
    names = end = allocated(malloc(size));
    for (size_t i = sockets->at_stdin; i < sockets_passed(sockets); i++) {
        if (i > sockets->at_stdin)
            *end++ = ':';
        memcpy(end, sockets->list[i].name, sockets->list[i].name_length);
        end += sockets->list[i].name_length;
    }
    *end = '\0';
    return names;
}
