/* SPDX-License-Identifier: MIT */
#include "git_answers.h"

#include "report.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_ANSWER = 65536 };

/* Answers that were taken stay in front until now, as the caller was given a path in there. */
static void drop_taken(struct git_answer_reader *reader)
{
    if (reader->taken == 0)
        return;
    memmove(reader->text, reader->text + reader->taken, reader->length - reader->taken);
    reader->length -= reader->taken;
    reader->taken = 0;
}

void git_answers_add(struct git_answer_reader *reader, const char *bytes, size_t count)
{
    drop_taken(reader);
    if (reader->length + count > reader->room) {
        reader->room = (reader->length + count) * 2;
        reader->text = allocated(realloc(reader->text, reader->room));
    }
    memcpy(reader->text + reader->length, bytes, count);
    reader->length += count;
}

/* The place behind the field's zero byte; NULL if that has not come yet. */
static const char *end_of_field(const char *field, const char *end)
{
    const char *zero = memchr(field, '\0', (size_t)(end - field));

    return zero ? zero + 1 : NULL;
}

static int is_number(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

int git_answers_take(struct git_answer_reader *reader, const char **path, int *ignored)
{
    const char *fields[GIT_ANSWER_FIELDS + 1], *end;

    if (reader->length == reader->taken)
        return 0;
    fields[0] = reader->text + reader->taken;
    end = reader->text + reader->length;
    for (int i = 0; i < GIT_ANSWER_FIELDS; i++) {
        fields[i + 1] = fields[i] < end ? end_of_field(fields[i], end) : NULL;
        if (!fields[i + 1])
            return reader->length - reader->taken > LONGEST_ANSWER ? -1 : 0;
    }
    if (!is_number(fields[1]) || *fields[3] == '\0')
        return -1;
    *ignored = *fields[2] != '\0' && *fields[2] != '!'; /* a pattern "!x" is why it is not */
    *path = fields[3];
    reader->taken = (size_t)(fields[GIT_ANSWER_FIELDS] - reader->text);
    return 1;
}

void git_answers_clear(struct git_answer_reader *reader)
{
    free(reader->text);
    memset(reader, 0, sizeof *reader);
}
