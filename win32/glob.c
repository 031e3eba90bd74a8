/* SPDX-License-Identifier: MIT
 * Ignores case, as file names do on Windows. */
#include "devserver/glob.h"

#include <ctype.h>
#include <stddef.h>

static int lower(char character)
{
    return tolower((unsigned char)character);
}

/* pattern is what follows the '[' of a set. Returns what follows its ']', or NULL when there is
 * none: then '[' is an ordinary character. */
static const char *match_set(const char *pattern, char character, int *matched)
{
    int negated = *pattern == '!' || *pattern == '^', found = 0;
    const char *next = pattern + negated, *first = next;

    while (*next != ']' || next == first) {
        char from = *next, to = from;
        if (from == '\0')
            return NULL;
        if (next[1] == '-' && next[2] != ']' && next[2] != '\0') {
            to = next[2];
            next += 2;
        }
        next++;
        found |= lower(from) <= lower(character) && lower(character) <= lower(to);
    }
    *matched = found != negated;
    return next + 1;
}

/* Matches one element that is not a star. Returns the rest of the pattern, or NULL for no match. */
static const char *match_one(const char *pattern, char character)
{
    int matched;
    const char *behind = *pattern == '[' ? match_set(pattern + 1, character, &matched) : NULL;

    if (behind)
        return matched ? behind : NULL;
    return *pattern == '?' || lower(*pattern) == lower(character) ? pattern + 1 : NULL;
}

/* It goes back only to the last star, which can take anything that an earlier one could. */
int glob_matches(const char *pattern, const char *text)
{
    const char *star = NULL, *behind = NULL, *next;

    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            behind = text;
        } else if (*pattern != '\0' && (next = match_one(pattern, *text)) != NULL) {
            pattern = next;
            text++;
        } else if (star) {
            pattern = star;
            text = ++behind;
        } else {
            return 0;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
