/* SPDX-License-Identifier: MIT
 * What the fuzzer gives a target, read as lines "KEY=value", in any order: so that its
 * inputs are readable, and its mutations keep their meaning. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

/* What a target is: called with each input. 0 always; the process ends where something that
 * must hold does not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called once, before. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct input {
    char *text; /* each line ended by NUL */
    size_t size;
};

void input_open(struct input *input, const uint8_t *data, size_t size);
void input_close(struct input *input);

/* The value of the first such line, "" included; NULL without one. key ends in '='. */
const char *input_value(const struct input *input, const char *key);

/* The same; "" without one. */
const char *input_text(const struct input *input, const char *key);

/* What follows the first such key, up to the input's end; NULL without one. */
const uint8_t *input_rest(const uint8_t *data, size_t size, const char *key, size_t *length);

/* Ends the process when text holds what could forge a line or command a terminal. */
void assert_printable(const char *text);

/* Digits only, up to max. */
int is_number(const char *text, unsigned long long max, unsigned long long *number);

#endif
