/* SPDX-License-Identifier: MIT
 * What `git check-ignore --stdin -z -v -n` prints for each path that it is asked about: where the
 * pattern stands, in which line, the pattern, and the path, each ended by a zero byte
 * (git-check-ignore(1)). */
#ifndef SYSTEMFD_GIT_ANSWERS_H
#define SYSTEMFD_GIT_ANSWERS_H

#include <stddef.h>

enum { GIT_ANSWER_FIELDS = 4 };

/* The bytes of an answer that have come. All zero at first. */
struct git_answer_reader {
    char *text;
    size_t length, room, taken;
};

/* More has come. */
void git_answers_add(struct git_answer_reader *reader, const char *bytes, size_t count);

/* Takes the next whole answer: 1 with the path, which is good until the next call, and whether it
 * is ignored. 0: there is none yet. -1: that is no answer of git's. */
int git_answers_take(struct git_answer_reader *reader, const char **path, int *ignored);

void git_answers_clear(struct git_answer_reader *reader);

#endif
