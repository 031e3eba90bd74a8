/* SPDX-License-Identifier: MIT */
#include "ignore.h"

#include "glob.h"

#include <string.h>

static const char *const defaults[] = {
    /* version control */
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "CVS",
    /* what builds leave */
    "*.o",
    "*.lo",
    "*.a",
    "*.la",
    "*.so",
    "*.so.*",
    "*.obj",
    "*.lib",
    "*.dll",
    "*.exe",
    "*.pdb",
    "*.d",
    "*.gch",
    "*.gcda",
    "*.gcno",
    "*.pyc",
    "__pycache__",
    "build",
    "target",
    "node_modules",
    "CMakeFiles",
    ".deps",
    ".libs",
    ".cache",
    "*.dSYM",
    /* editors' temporary files: vim, emacs, kate, JetBrains, gedit */
    "*~",
    "*.swp",
    "*.swo",
    "*.swx",
    ".*.sw?",
    "4913",
    "#*#",
    ".#*",
    "*.kate-swp",
    "*___jb_tmp___",
    "*___jb_old___",
    ".goutputstream-*",
    "*.tmp",
    ".DS_Store",
};

enum { PATH_SIZE = 4096 };

static const char *without_dot(const char *path)
{
    return strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

/* Against the path and the folders that it is in: "src", "src/deep", "src/deep/file". */
static int matches_path(const char *pattern, const char *path)
{
    char part[PATH_SIZE];

    for (size_t end = 1; strlen(path) < sizeof part && path[end - 1] != '\0'; end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        memcpy(part, path, end);
        part[end] = '\0';
        if (glob_matches(pattern, part))
            return 1;
    }
    return 0;
}

/* Against each name in the path. */
static int matches_name(const char *pattern, const char *path)
{
    char name[256];

    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length > 0 && length < sizeof name) {
            memcpy(name, path, length);
            name[length] = '\0';
            if (glob_matches(pattern, name))
                return 1;
        }
        path += length + (path[length] == '/');
    }
    return 0;
}

static int matches(const char *given, const char *path)
{
    char pattern[PATH_SIZE];
    size_t length;

    given = without_dot(given);
    length = strlen(given);
    while (length > 1 && given[length - 1] == '/') /* "docs/" is the folder docs */
        length--;
    if (length >= sizeof pattern)
        return 0;
    memcpy(pattern, given, length);
    pattern[length] = '\0';
    path = without_dot(path);
    return strchr(pattern, '/') ? matches_path(pattern, path) : matches_name(pattern, path);
}

int is_ignored(const struct arguments *patterns, const char *path)
{
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (matches(defaults[i], path))
            return 1;
    for (size_t i = 0; i < patterns->count; i++)
        if (matches(patterns->list[i], path))
            return 1;
    return 0;
}
