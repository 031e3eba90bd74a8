/* SPDX-License-Identifier: MIT */
#include "page.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

const char *page_behind(const char *page, const char *part)
{
    const char *found = strstr(page, part);

    if (!found)
        fail_msg("'%s' is not in the page, or not where it was expected", part);
    return found + strlen(part);
}

static void make_fence(char *fence, size_t size, const char *language)
{
    snprintf(fence, size, "\n```%s\n", language);
}

char *page_block(const char *from, const char *language)
{
    char fence[16];
    const char *begin, *end;

    make_fence(fence, sizeof fence, language);
    begin = page_behind(from, fence);
    end = strstr(begin, "\n```\n");
    assert_non_null(end);
    return strndup(begin, (size_t)(end + 1 - begin));
}

size_t page_count_blocks(const char *page, const char *language)
{
    char fence[16];
    size_t count = 0;

    make_fence(fence, sizeof fence, language);
    for (; (page = strstr(page, fence)) != NULL; count++)
        page += strlen(fence);
    return count;
}
