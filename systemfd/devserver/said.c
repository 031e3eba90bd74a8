/* SPDX-License-Identifier: MIT */
#include "said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value, if the line begins with that name; NULL otherwise. It is not ended by NUL. */
static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);

    return strncmp(line, name, length) == 0 ? line + length : NULL;
}

static int is_number(const char *text, size_t length)
{
    return length > 0 && strspn(text, "0123456789") == length;
}

static void add_line(struct said *said, const char *line, size_t length)
{
    const char *end = line + length, *status = value_of(line, "STATUS="),
               *extend = value_of(line, "EXTEND_TIMEOUT_USEC=");

    if (length == strlen("READY=1") && value_of(line, "READY=1"))
        said->ready = 1;
    else if (length == strlen("STOPPING=1") && value_of(line, "STOPPING=1"))
        said->stopping = 1;
    else if (length == strlen("WATCHDOG=1") && value_of(line, "WATCHDOG=1"))
        said->alive = 1;
    else if (length == strlen("WATCHDOG=trigger") && value_of(line, "WATCHDOG=trigger"))
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
    if (!said_is_text(message, length))
        return;
    while (*message != '\0') {
        size_t line = strcspn(message, "\n");
        add_line(said, message, line);
        message += line + (message[line] == '\n');
    }
}
