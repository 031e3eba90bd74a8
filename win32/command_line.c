/* SPDX-License-Identifier: MIT */
#include "command_line.h"

#include "report.h"
#include "system_error.h"
#include "wide.h"

#include <shellapi.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t count, size_t size)
{
    return allocated(calloc(count, size));
}

char **utf8_arguments(int *count)
{
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), count);
    char **arguments;

    if (!wide)
        die(EXIT_CANNOT_OPEN, "cannot read the command line: %s", system_error(GetLastError()));
    arguments = allocate((size_t)*count + 1, sizeof *arguments);
    for (int i = 0; i < *count; i++)
        arguments[i] = to_utf8(wide[i]);
    LocalFree(wide);
    return arguments;
}

static char *append(char *end, char character, size_t count)
{
    memset(end, character, count);
    return end + count;
}

/* Backslashes are ordinary characters, except before a quote: there two stand for one backslash,
 * and an odd one makes the quote an ordinary character. */
static char *append_quoted(char *end, const char *argument)
{
    *end++ = '"';
    for (; *argument != '\0'; argument++) {
        size_t backslashes = strspn(argument, "\\");
        argument += backslashes;
        if (*argument == '"')
            end = append(end, '\\', 2 * backslashes + 1);
        else
            end = append(end, '\\', *argument == '\0' ? 2 * backslashes : backslashes);
        if (*argument == '\0')
            break;
        *end++ = *argument;
    }
    *end++ = '"';
    return end;
}

static char *append_argument(char *end, const char *argument)
{
    if (*argument == '\0' || strpbrk(argument, " \t\n\v\""))
        return append_quoted(end, argument);
    while (*argument != '\0')
        *end++ = *argument++;
    return end;
}

wchar_t *join_arguments(char **arguments)
{
    size_t size = 1;
    char *line, *end;
    wchar_t *wide;

    for (char **argument = arguments; *argument; argument++)
        size += 2 * strlen(*argument) + 3; /* every character escaped, two quotes, a blank */
    line = end = allocate(size, 1);
    for (char **argument = arguments; *argument; argument++) {
        if (end != line)
            *end++ = ' ';
        end = append_argument(end, *argument);
    }
    *end = '\0';
    wide = to_wide(line);
    free(line);
    return wide;
}
