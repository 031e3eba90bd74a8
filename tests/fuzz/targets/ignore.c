/* SPDX-License-Identifier: MIT
 * Which paths the development server does not watch, held against fnmatch(3); and so is what
 * Windows has in the place of fnmatch. An input: a
 * path in its first line, and in each other one a pattern for --ignore. A tab repeats the
 * letter before it 300 times, so that limits are in reach of short inputs. */
#include "input.h"

#include "systemfd/devserver/files.h"
#include "systemfd/devserver/git.h"
#include "systemfd/devserver/ignore.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under another name, beside the one of this system. */
#define glob_matches windows_glob_matches
int windows_glob_matches(const char *pattern, const char *text);
#include "win32/glob.c"
#undef glob_matches

enum { MOST_PATTERNS = 4, LONGEST_NAME = 255, LONGEST_PATH = 4095, LONGEST_LINE = 5000 };

/* The time it takes grows with the folders in a path times its length. */
enum { LONGEST_INPUT = 1024 };

/* ---- What ignore.h says ---- */

static int matches_a_name(const char *pattern, char *path)
{
    for (char *name = strtok(path, "/"); name; name = strtok(NULL, "/"))
        if (strlen(name) <= LONGEST_NAME && fnmatch(pattern, name, 0) == 0)
            return 1;
    return 0;
}

/* The path, then the folder that it is in, and so on. */
static int matches_a_folder(const char *pattern, char *path)
{
    if (strlen(path) > LONGEST_PATH)
        return 0;
    while (*path != '\0') {
        char *slash = strrchr(path, '/');
        if (fnmatch(pattern, path, 0) == 0)
            return 1;
        if (!slash)
            return 0;
        *slash = '\0';
    }
    return 0;
}

static const char *without_dot(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    return path;
}

static int expected(const char *given, const char *path)
{
    char *pattern = strdup(without_dot(given)), *copy = strdup(without_dot(path));
    int result;

    assert(pattern && copy);
    for (size_t end = strlen(pattern); end > 1 && pattern[end - 1] == '/'; end--)
        pattern[end - 1] = '\0';
    result =
        strlen(pattern) <= LONGEST_PATH &&
        (strchr(pattern, '/') ? matches_a_folder(pattern, copy) : matches_a_name(pattern, copy));
    free(copy);
    free(pattern);
    return result;
}

/* ---- */

/* There is no git, and no file. */
int git_tracks(const char *path)
{
    (void)path;
    return 0;
}

int git_lists_as_ignored(const char *path)
{
    (void)path;
    return 0;
}

int file_exists(const char *path)
{
    (void)path;
    return 0;
}

static struct options options;

static int is_ignored(const struct arguments *patterns, const char *path)
{
    options.ignore = *patterns;
    ignore_setup(&options);
    return ignores_file(path, path);
}

/* The last one decides. */
static int expected_of_all(const struct arguments *patterns, const char *path)
{
    for (size_t i = patterns->count; i-- > 0;) {
        int negated = *patterns->list[i] == '!';
        if (expected(patterns->list[i] + negated, path))
            return !negated;
    }
    return is_ignored_by_default(path);
}

static int has_negated(const struct arguments *patterns)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (*patterns->list[i] == '!')
            return 1;
    return 0;
}

/* What lies in a folder that is ignored is ignored; ".", or "./.", is what is watched. */
static void check_below(const struct arguments *patterns, const char *folder)
{
    char path[LONGEST_LINE];

    if (strcmp(without_dot(folder), ".") != 0 && strlen(folder) < LONGEST_PATH - 1 &&
        snprintf(path, sizeof path, "%s/x", folder) < (int)sizeof path)
        assert(is_ignored(patterns, path) && ignores_folder(path, path));
}

static void check_with_dot(const struct arguments *patterns, const char *path, int ignored)
{
    char dotted[LONGEST_PATH + 1];

    if (path == without_dot(path) &&
        snprintf(dotted, sizeof dotted, "./%s", path) < (int)sizeof dotted)
        assert(is_ignored(patterns, dotted) == ignored);
}

/* fnmatch has classes, [[:alpha:]], and takes exponential time for many stars. A set that is not
 * closed is no set; glibc's matches nothing if it ends within a range, "[a-". */
static int is_for_both(const char *pattern)
{
    size_t stars = 0, length = strlen(pattern);

    if (length > 0 && pattern[length - 1] == '-' && strchr(pattern, '['))
        return 0;

    for (const char *next = pattern; *next != '\0'; next++)
        stars += *next == '*';
    return stars <= 3 && !strstr(pattern, "[:") && !strstr(pattern, "[.") && !strstr(pattern, "[=");
}

static void check_windows(const struct arguments *patterns, const char *path)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (is_for_both(patterns->list[i]))
            assert(windows_glob_matches(patterns->list[i], path) ==
                   (fnmatch(patterns->list[i], path, FNM_NOESCAPE | FNM_CASEFOLD) == 0));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static char *expanded(const char *line)
{
    char *text = malloc(LONGEST_LINE + 1);
    size_t length = 0;

    assert(text);
    for (; *line != '\0'; line++) {
        int times = *line == '\t' && length > 0 && text[length - 1] >= 'a' ? 300 : 1;
        char character = times > 1 ? text[length - 1] : *line;
        while (times-- > 0 && length < LONGEST_LINE)
            text[length++] = character;
    }
    text[length] = '\0';
    return text;
}

static void check(const struct arguments *patterns, const char *path)
{
    int ignored = is_ignored(patterns, path);

    assert(ignored == expected_of_all(patterns, path));
    check_with_dot(patterns, path, ignored);
    check_windows(patterns, path);
    if (ignored && !has_negated(patterns))
        check_below(patterns, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines[1 + MOST_PATTERNS];
    struct arguments patterns = {(const char **)lines + 1, 0};
    struct input input;
    size_t count = 0;

    if (size > LONGEST_INPUT)
        return 0;
    input_open(&input, data, size);
    for (const char *line = input.text; count < 1 + MOST_PATTERNS; line += strlen(line) + 1) {
        if (count > 0 && line >= input.text + input.size)
            break;
        lines[count++] = expanded(line);
    }
    patterns.count = count - 1;
    check(&patterns, lines[0]);
    while (count > 0)
        free(lines[--count]);
    input_close(&input);
    return 0;
}
