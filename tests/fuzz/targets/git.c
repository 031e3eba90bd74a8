/* SPDX-License-Identifier: MIT
 * What git check-ignore answers, or something else in its place, in pieces of any size. What is
 * taken depends on the bytes alone, not on the pieces that they came in. */
#include "input.h"

#include "systemfd/devserver/git_answers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TAKEN = 256 };

/* What the answers say, one after the other. */
struct taken {
    size_t count, bytes;
    int ignored[MOST_TAKEN], last;
};

static void take_all(struct git_answer_reader *reader, struct taken *taken)
{
    const char *path;
    int ignored, result;

    while ((result = git_answers_take(reader, &path, &ignored)) > 0) {
        assert(*path != '\0' && (ignored == 0 || ignored == 1));
        if (taken->count < MOST_TAKEN)
            taken->ignored[taken->count] = ignored;
        taken->bytes += strlen(path);
        taken->count++;
    }
    taken->last = result;
}

/* Until something makes no sense: then nobody reads on. */
static struct taken read_in_pieces(const char *text, size_t size, size_t piece)
{
    struct git_answer_reader reader = {0};
    struct taken taken = {0};

    while (size > 0 && taken.last == 0) {
        size_t count = size < piece ? size : piece;
        git_answers_add(&reader, text, count);
        take_all(&reader, &taken);
        text += count;
        size -= count;
    }
    git_answers_clear(&reader);
    return taken;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct taken whole, pieces;

    if (size < 2)
        return 0;
    whole = read_in_pieces((const char *)data + 1, size - 1, size);
    pieces = read_in_pieces((const char *)data + 1, size - 1, 1 + data[0] % 32);
    assert(whole.count == pieces.count && whole.bytes == pieces.bytes && whole.last == pieces.last);
    assert(memcmp(whole.ignored, pieces.ignored, sizeof whole.ignored) == 0);
    return 0;
}
