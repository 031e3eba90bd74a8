/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <locale.h>
#include <wchar.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void input_open(struct input *input, const uint8_t *data, size_t size)
{
    input->text = malloc(size + 1);
    assert(input->text);
    input->size = size;
    memcpy(input->text, data, size);
    input->text[size] = '\0';
    for (size_t i = 0; i < size; i++)
        if (input->text[i] == '\n')
            input->text[i] = '\0';
}

void input_close(struct input *input)
{
    free(input->text);
}

const char *input_value(const struct input *input, const char *key)
{
    const char *end = input->text + input->size;

    for (const char *line = input->text; line < end; line += strlen(line) + 1)
        if (strncmp(line, key, strlen(key)) == 0)
            return line + strlen(key);
    return NULL;
}

const char *input_text(const struct input *input, const char *key)
{
    const char *value = input_value(input, key);

    return value ? value : "";
}

const uint8_t *input_rest(const uint8_t *data, size_t size, const char *key, size_t *length)
{
    const uint8_t *found = size > 0 ? memmem(data, size, key, strlen(key)) : NULL;

    *length = found ? size - (size_t)(found - data) - strlen(key) : 0;
    return found ? found + strlen(key) : NULL;
}

/* UTF-8 without control characters, U+0080 to U+009F among them; its end may be cut off. */
void assert_printable(const char *text)
{
    wchar_t character;
    mbstate_t state;
    size_t length;

    assert(setlocale(LC_CTYPE, "C.UTF-8"));
    for (; *text != '\0'; text += length) {
        memset(&state, 0, sizeof state);
        length = mbrtowc(&character, text, strlen(text), &state);
        if (length == (size_t)-2)
            return;
        assert(length != (size_t)-1 && character >= L' ');
        assert(character < 0x7f || character > 0x9f);
    }
}

int is_number(const char *text, unsigned long long max, unsigned long long *number)
{
    if (*text == '\0' || strspn(text, "0123456789") != strlen(text))
        return 0;
    errno = 0;
    *number = strtoull(text, NULL, 10);
    return errno == 0 && *number <= max;
}
