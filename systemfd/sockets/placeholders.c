/* SPDX-License-Identifier: MIT */
#include "placeholders.h"

#include "open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_SIZE = 256 };

struct placeholder {
    const char *text; /* "{port:web}" */
    size_t length;
    char kind;        /* 'f', 'p' or 'a' */
    const char *name; /* NULL: none */
    size_t name_length;
};

/* Does a placeholder begin there? If so, *found is filled in. */
static int find(const char *text, struct placeholder *found)
{
    static const char *const words[] = {"{fd", "{port", "{address"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);
        const char *behind = text + length;
        if (strncmp(text, words[i], length) != 0 || (*behind != '}' && *behind != ':'))
            continue;
        found->text = text;
        found->kind = words[i][1];
        found->name = *behind == ':' ? behind + 1 : NULL;
        found->name_length = found->name ? strcspn(found->name, "{}") : 0;
        behind += found->name ? 1 + found->name_length : 0;
        found->length = (size_t)(behind + 1 - text);
        return *behind == '}' && (!found->name || found->name_length > 0);
    }
    return 0;
}

static size_t socket_of(const struct placeholder *placeholder, const struct sockets *sockets)
{
    size_t i = 0;

    while (placeholder->name && i < sockets->count &&
           (sockets->list[i].name_length != placeholder->name_length ||
            memcmp(sockets->list[i].name, placeholder->name, placeholder->name_length) != 0))
        i++;
    if (i < sockets->count)
        return i;
    if (placeholder->name)
        die(EXIT_USAGE, "%.*s: no socket has that name; -s %.*s=... gives it one",
            (int)placeholder->length, placeholder->text, (int)placeholder->name_length,
            placeholder->name);
    die(EXIT_USAGE, "%.*s: there is no socket; open one with -s, as in -s http::5000",
        (int)placeholder->length, placeholder->text);
}

/* The port in "127.0.0.1:80"; NULL for a unix socket, whose path may have a colon, too. */
static const char *find_port(listenfd_socket fd, const char *text)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    const char *colon = strrchr(text, ':');

    memset(&address, 0, sizeof address);
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 || address.ss_family == AF_UNIX)
        return NULL;
    return colon ? colon + 1 : NULL;
}

static void find_value(const struct placeholder *placeholder, const struct sockets *sockets,
                       int first, char value[VALUE_SIZE])
{
    size_t index = socket_of(placeholder, sockets);
    listenfd_socket fd = sockets->list[index].fd;
    const char *port;

    format_bound_address(fd, value, VALUE_SIZE);
    port = find_port(fd, value);
    if (placeholder->kind == 'f')
        snprintf(value, VALUE_SIZE, "%d", socket_number(sockets, index, first));
    else if (placeholder->kind == 'p' && port)
        memmove(value, port, strlen(port) + 1);
    else if (placeholder->kind == 'p')
        die(EXIT_USAGE, "%.*s: %s has no port", (int)placeholder->length, placeholder->text, value);
}

static void append(char **text, const char *addition, size_t length)
{
    size_t old = *text ? strlen(*text) : 0;
    char *longer = allocated(realloc(*text, old + length + 1));

    memcpy(longer + old, addition, length);
    longer[old + length] = '\0';
    *text = longer;
}

static char *replace(const char *argument, const struct sockets *sockets, int first)
{
    struct placeholder found;
    char *result = NULL, value[VALUE_SIZE];

    append(&result, "", 0);
    while (*argument != '\0') {
        if (*argument == '{' && find(argument + 1, &found) && found.text[found.length] == '}') {
            append(&result, found.text, found.length);
            argument = found.text + found.length + 1;
        } else if (find(argument, &found)) {
            find_value(&found, sockets, first, value);
            append(&result, value, strlen(value));
            argument += found.length;
        } else {
            append(&result, argument++, 1);
        }
    }
    return result;
}

void placeholders_replace(struct options *options, const struct sockets *sockets, int first)
{
    for (char **argument = options->command + 1; *argument; argument++)
        *argument = replace(*argument, sockets, first);
}
