/* SPDX-License-Identifier: MIT */
#include "numbered_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 1024 };

struct numbered_lines {
    size_t start, length; /* of the text, after the number; of the whole line */
    char line[LINE_SIZE];
};

struct numbered_lines *numbered_lines_open(long process)
{
    struct numbered_lines *lines = malloc(sizeof *lines);

    if (!lines)
        return NULL;
    lines->start = (size_t)snprintf(lines->line, sizeof lines->line, "[%ld] ", process);
    lines->length = lines->start;
    return lines;
}

static void end_line(struct numbered_lines *lines, void (*put)(int, const char *, size_t),
                     int target)
{
    lines->line[lines->length++] = '\n';
    put(target, lines->line, lines->length);
    lines->length = lines->start;
}

void numbered_lines_add(struct numbered_lines *lines, const char *text, size_t length,
                        void (*put)(int target, const char *text, size_t length), int target)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n' || lines->length == LINE_SIZE - 1)
            end_line(lines, put, target);
        if (text[i] != '\n')
            lines->line[lines->length++] = text[i];
    }
}

void numbered_lines_close(struct numbered_lines *lines,
                          void (*put)(int target, const char *text, size_t length), int target)
{
    if (!lines)
        return;
    if (lines->length > lines->start)
        end_line(lines, put, target);
    free(lines);
}
