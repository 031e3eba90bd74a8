/* SPDX-License-Identifier: MIT
 * Reads what `git check-ignore --stdin -z -v -n` prints. The answer for each path has four fields,
 * each ended by a zero byte: the file with the pattern, its line in there, the pattern, and the
 * path (git-check-ignore(1)). */
#ifndef SYSTEMFD_GIT_ANSWERS_H
#define SYSTEMFD_GIT_ANSWERS_H

#include <stddef.h>

enum { GIT_ANSWER_FIELDS = 4 };

/* What git has printed and was not taken yet. All zero at first. */
struct git_answer_reader {
    char *text;
    size_t length, room, taken;
};

/* Adds bytes that git has printed. */
void git_answers_add(struct git_answer_reader *reader, const char *bytes, size_t count);

/* Takes the next answer. Returns 1 with the path, valid until the next call, and whether it is
 * ignored; 0 if the answer is not complete yet; -1 if this is not what git prints. */
int git_answers_take(struct git_answer_reader *reader, const char **path, int *ignored);

/* Frees what the reader holds. It can be used again. */
void git_answers_clear(struct git_answer_reader *reader);

#endif
