/* SPDX-License-Identifier: MIT */
#include "events.h"

#include "report.h"
#include "system_error.h"

#include <string.h>

struct event {
    struct source *source;
    DWORD number;
    int ok;
};

enum { ROOM = 256 };

static HANDLE port;
static struct event events[ROOM]; /* taken from the port, but not yet passed on */
static size_t count;

void events_open(void)
{
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (!port)
        die(EXIT_CANNOT_OPEN, "cannot wait for events: %s", system_error(GetLastError()));
}

int events_watch(HANDLE handle, struct source *source)
{
    return CreateIoCompletionPort(handle, port, (ULONG_PTR)source, 0) != NULL;
}

void events_post(struct source *source, DWORD number)
{
    PostQueuedCompletionStatus(port, number, (ULONG_PTR)source, NULL);
}

/* Takes the events that have come; waits only for the first. */
static void take(DWORD timeout)
{
    while (count < ROOM) {
        struct event *event = &events[count];
        OVERLAPPED *operation = NULL;
        ULONG_PTR key = 0;
        event->ok = GetQueuedCompletionStatus(port, &event->number, &key, &operation, timeout);
        if (key == 0)
            return; /* none has come in time */
        event->source = (struct source *)key;
        count++;
        timeout = 0;
    }
}

static void tell(size_t index)
{
    struct event event = events[index];

    count--;
    memmove(&events[index], &events[index + 1], (count - index) * sizeof events[0]);
    event.source->told(event.source, event.number, event.ok);
}

void events_wait(int timeout)
{
    if (count == 0)
        take(timeout < 0 ? INFINITE : (DWORD)timeout);
    while (count > 0)
        tell(0);
}

static int find(void (*told)(struct source *source, DWORD number, int ok), size_t *index)
{
    for (*index = 0; *index < count; ++*index)
        if (events[*index].source->told == told)
            return 1;
    return 0;
}

/* The number of events is limited, as a process may write without end. */
void events_only(void (*told)(struct source *source, DWORD number, int ok))
{
    size_t index;

    take(0);
    for (int i = 0; i < ROOM && find(told, &index); i++) {
        tell(index);
        take(0);
    }
}
