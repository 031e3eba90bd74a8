/* SPDX-License-Identifier: MIT */
#include "store_request.h"

#include "descriptor_store.h"
#include "devserver/said.h"
#include "report.h"
#include "sockets/descriptor_name.h"

#include <stddef.h>
#include <string.h>

struct request {
    int stores, removes, is_polled;
    const char *name; /* not ended by NUL; NULL: no name was given */
    size_t name_length;
};

/* As in systemd (src/core/service.c), the lines may come in any order, and the first FDNAME=
 * counts. */
static void read_line(void *context, const char *line, size_t length)
{
    struct request *request = context;
    const char *name = said_value(line, "FDNAME=");

    if (said_is_line(line, length, "FDSTORE=1"))
        request->stores = 1;
    else if (said_is_line(line, length, "FDSTOREREMOVE=1"))
        request->removes = 1;
    else if (said_is_line(line, length, "FDPOLL=0"))
        request->is_polled = 0;
    else if (name && !request->name) {
        request->name = name;
        request->name_length = length - (size_t)(name - line);
    }
}

/* Can it be in LISTEN_FDNAMES? */
static int is_name(const char *name, size_t length)
{
    return name && length <= MOST_OF_NAME && is_of_name_characters(name, length) &&
           !memchr(name, ':', length);
}

static void warn_of_name(const struct request *request, const char *outcome)
{
    static int warned;

    if (!warned && request->name)
        report("FDNAME=%.*s is not a name for a descriptor (ASCII without ':', up to %d "
               "characters); %s",
               (int)request->name_length, request->name, MOST_OF_NAME, outcome);
    else if (!warned)
        report("FDSTOREREMOVE=1 needs FDNAME=; %s", outcome);
    warned = 1;
}

static void remove_named(const struct request *request)
{
    if (is_name(request->name, request->name_length))
        descriptor_store_remove(request->name, request->name_length);
    else
        warn_of_name(request, "nothing is removed");
}

static void store(struct request *request, struct message *message)
{
    static const char usual[] = "stored";

    if (request->name && !is_name(request->name, request->name_length)) {
        warn_of_name(request, "it is stored as 'stored'");
        request->name = NULL;
    }
    if (!request->name) {
        request->name = usual;
        request->name_length = strlen(usual);
    }
    for (size_t i = 0; i < message->count; i++)
        descriptor_store_add(message->descriptors[i], request->name, request->name_length,
                             request->is_polled);
    message->count = 0;
}

static void warn_of_missing(void)
{
    static int warned;

    if (!warned)
        report("descriptors that a server sent with FDSTORE=1 are lost: systemfd has too many "
               "open files (ulimit -n)");
    warned = 1;
}

void store_requested(struct message *message)
{
    struct request request = {.is_polled = 1};

    said_each_line(message->text, read_line, &request);
    if (request.removes)
        remove_named(&request);
    else if (request.stores && message->descriptors_are_missing)
        warn_of_missing();
    else if (request.stores)
        store(&request, message);
}
