/* SPDX-License-Identifier: MIT */
#include "store_request.h"

#include "descriptor_store.h"
#include "report.h"

#include <stddef.h>
#include <string.h>

struct request {
    int stores, removes, is_polled;
    const char *name; /* not ended by NUL; NULL: no name was given */
    size_t name_length;
};

/* As in systemd (src/core/service.c), the lines may come in any order, and the first FDNAME=
 * counts.
 */
static void read_line(struct request *request, const char *line, size_t length)
{
    static const char name[] = "FDNAME=";

    if (length == strlen("FDSTORE=1") && memcmp(line, "FDSTORE=1", length) == 0)
        request->stores = 1;
    else if (length == strlen("FDSTOREREMOVE=1") && memcmp(line, "FDSTOREREMOVE=1", length) == 0)
        request->removes = 1;
    else if (length == strlen("FDPOLL=0") && memcmp(line, "FDPOLL=0", length) == 0)
        request->is_polled = 0;
    else if (length >= strlen(name) && memcmp(line, name, strlen(name)) == 0 && !request->name) {
        request->name = line + strlen(name);
        request->name_length = length - strlen(name);
    }
}

static void read_request(struct request *request, const char *text)
{
    *request = (struct request){.is_polled = 1};
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        read_line(request, text, length);
        text += length + (text[length] == '\n');
    }
}

/* Can it be in LISTEN_FDNAMES? systemd has the same rule (fdname_is_valid). */
static int is_name(const char *name, size_t length)
{
    if (!name || length > MOST_OF_NAME)
        return 0;
    for (size_t i = 0; i < length; i++)
        if (name[i] < ' ' || name[i] > '~' || name[i] == ':')
            return 0;
    return 1;
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
    struct request request;

    read_request(&request, message->text);
    if (request.removes)
        remove_named(&request);
    else if (request.stores && message->descriptors_are_missing)
        warn_of_missing();
    else if (request.stores)
        store(&request, message);
}
