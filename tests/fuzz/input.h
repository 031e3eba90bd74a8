/* SPDX-License-Identifier: MIT
 * Reads an input of the fuzzer as lines "KEY=value", in any order. So inputs are readable, and
 * their mutations keep a meaning. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

/* The target, called with each input. Always returns 0; ends the process when a condition that must
 * hold does not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called once before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct input {
    char *text; /* each line ended by NUL */
    size_t size;
};

void input_open(struct input *input, const uint8_t *data, size_t size);
void input_close(struct input *input);

/* The value of the first line with that key, which may be ""; NULL without such a line. key ends in
 * '='. */
const char *input_value(const struct input *input, const char *key);

/* The same, but "" without such a line. */
const char *input_text(const struct input *input, const char *key);

/* Everything after the first occurrence of that key, to the input's end; NULL without one. */
const uint8_t *input_rest(const uint8_t *data, size_t size, const char *key, size_t *length);

/* Ends the process if text contains characters that could forge a line or control a terminal. */
void assert_printable(const char *text);

/* Does text consist of digits only, with a value up to max? Then *number is that value. */
int is_number(const char *text, unsigned long long max, unsigned long long *number);

#endif
