/* SPDX-License-Identifier: MIT */
#include "recipe.h"

#include "folder.h"
#include "page.h"
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE "docs/recipes.md"

/* The section from its heading to the next one, for free(). */
static char *read_section(const char *title)
{
    char *page = shell("cat " PAGE), *section, *heading;
    const char *begin, *end;

    assert_true(asprintf(&heading, "\n## %s\n", title) > 0);
    begin = page_behind(page, heading);
    end = strstr(begin, "\n## ");
    section = end ? strndup(begin, (size_t)(end + 1 - begin)) : strdup(begin);
    free(heading);
    free(page);
    return section;
}

/* The next block after *position, which moves to its end; NULL if there is none. The block and
 * *language are for free(). */
static char *next_block(const char **position, char **language)
{
    const char *fence = strstr(*position, "\n```"), *code, *end;

    if (!fence)
        return NULL;
    fence += strlen("\n```");
    code = fence + strcspn(fence, "\n");
    end = strstr(code, "\n```\n");
    assert_non_null(end);
    *language = strndup(fence, (size_t)(code - fence));
    *position = end + strlen("\n```");
    return strndup(code + 1, (size_t)(end - code));
}

static void copy_file(const char *code, const char *folder)
{
    static const char *const comments[] = {"// ", "# "};
    const char *name = NULL;
    char *path, *file;

    for (size_t i = 0; i < 2 && !name; i++)
        name = strstr(code, comments[i]) ? strstr(code, comments[i]) + strlen(comments[i]) : NULL;
    assert_non_null(name);
    file = strndup(name, strcspn(name, " \n"));
    path = path_in(folder, file);
    free(shell("mkdir -p \"$(dirname '%s')\"", path));
    write_file(path, code);
    free(path);
    free(file);
}

static int is_launch(const char *command)
{
    return strncmp(command, "systemfd ", strlen("systemfd ")) == 0;
}

static char *put_port(char *text, int port)
{
    const char *found = strstr(text, "5000");
    char *result;

    if (!found || port == 0)
        return text;
    assert_true(asprintf(&result, "%.*s%d%s", (int)(found - text), text, port, found + 4) > 0);
    free(text);
    return result;
}

char *recipe_copy(const char *title, const char *folder, int port)
{
    char *section = read_section(title), *language, *code, *launch = NULL;
    const char *position = section;

    while (!launch && (code = next_block(&position, &language)) != NULL) {
        code = put_port(code, port);
        if (strcmp(language, "sh") != 0)
            copy_file(code, folder);
        else if (!is_launch(code))
            free(shell("cd '%s' && %s", folder, code));
        if (strcmp(language, "sh") == 0 && is_launch(code))
            launch = strdup(code);
        free(language);
        free(code);
    }
    assert_non_null(launch);
    free(section);
    return launch;
}

char *recipe_last_command(const char *title)
{
    char *section = read_section(title), *language, *code, *last = NULL;
    const char *position = section;

    while ((code = next_block(&position, &language)) != NULL) {
        free(last);
        last = code;
        free(language);
    }
    free(section);
    return last;
}
