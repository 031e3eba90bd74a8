/* SPDX-License-Identifier: MIT */
#include "said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *said_value(const char *line, const char *name)
{
    size_t length = strlen(name);

    return strncmp(line, name, length) == 0 ? line + length : NULL;
}

int said_is_line(const char *line, size_t length, const char *text)
{
    return length == strlen(text) && memcmp(line, text, length) == 0;
}

void said_each_line(const char *message,
                    void (*take)(void *context, const char *line, size_t length), void *context)
{
    while (*message != '\0') {
        size_t length = strcspn(message, "\n");
        take(context, message, length);
        message += length + (message[length] == '\n');
    }
}

static int is_number(const char *text, size_t length)
{
    return length > 0 && strspn(text, "0123456789") == length;
}

static void add_line(void *context, const char *line, size_t length)
{
    struct said *said = context;
    const char *end = line + length, *status = said_value(line, "STATUS="),
               *extend = said_value(line, "EXTEND_TIMEOUT_USEC=");

    if (said_is_line(line, length, "READY=1"))
        said->ready = 1;
    else if (said_is_line(line, length, "STOPPING=1"))
        said->stopping = 1;
    else if (said_is_line(line, length, "WATCHDOG=1"))
        said->alive = 1;
    else if (said_is_line(line, length, "WATCHDOG=trigger"))
        said->is_broken = 1;
    else if (status)
        snprintf(said->status, sizeof said->status, "%.*s", (int)(end - status), status);
    else if (extend && is_number(extend, (size_t)(end - extend)))
        said->extend_ms = strtoll(extend, NULL, 10) / 1000;
}

/* systemd ignores such messages, too (src/core/manager.c). */
int said_is_text(const char *message, size_t length)
{
    return length > 0 && !memchr(message, '\0', length - 1);
}

void said_add(struct said *said, const char *message, size_t length)
{
    if (said_is_text(message, length))
        said_each_line(message, add_line, said);
}
