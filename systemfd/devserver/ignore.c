/* SPDX-License-Identifier: MIT */
#include "ignore.h"

#include "files.h"
#include "git.h"
#include "glob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that tools have made their own, and that a source file is unlikely to have. */
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
    "*.so.[0-9]*",
    "*.lib",
    "*.dll",
    "*.exe",
    "*.pdb",
    "*.ilk",
    "*.idb",
    "*.tlog",
    "*.exp", /* from Windows' linker; DejaGnu's tests have this name, too */
    "*.gch",
    "*.gcda",
    "*.gcno",
    "*.pyc",
    "*.class",
    "__pycache__",
    "node_modules",
    "CMakeFiles",
    "meson-logs",
    "meson-private",
    "meson-info",
    ".ninja_log",
    ".ninja_deps",
    ".deps",
    ".libs",
    ".cache",
    ".gradle",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".parcel-cache",
    "*.dSYM",
    "*.egg-info",
    /* what tools keep */
    ".venv",
    "venv",
    ".tox",
    ".nox",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".nyc_output",
    ".terraform",
    ".direnv",
    ".idea",
    ".vs",
    /* what servers leave */
    "*.log",
    "*.log.[0-9]*",
    "*.sqlite-journal",
    "*.sqlite3-journal",
    "*.db-journal",
    "*.pid",
    /* editors' temporary files: vim, emacs, kate, JetBrains, gedit */
    "*~",
    "*.bak",
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
    /* most projects have git ignore these, as they hold secrets; but people write them by hand */
    "!.env",
    "!.env.*",
};

enum { DEFAULTS = sizeof defaults / sizeof defaults[0], PATH_SIZE = 4096, NAME_SIZE = 256 };

struct pattern {
    char *text;
    size_t length;
    size_t head, tail; /* lengths: before the first wildcard, after the last one */
    int is_of_path, negated;
};

struct patterns {
    struct pattern *list;
    size_t count;
    char folder[PATH_SIZE]; /* that was looked up last, and what was found for it */
    size_t found;
};

static const struct options *options;
static struct patterns standard, given, only;

/* ---- Compiling ---- */

static const char *without_dot(const char *path)
{
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    return path;
}

static char small(char letter)
{
    return (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

static int is_same_text(const char *a, const char *b, size_t length)
{
    while (length > 0 && small(a[length - 1]) == small(b[length - 1]))
        length--;
    return length == 0;
}

/* "docs/" means the same as "docs". */
static struct pattern compile(const char *text)
{
    static const char wildcards[] = "*?[]\\";
    struct pattern pattern = {.text = NULL};

    pattern.negated = *text == '!';
    text = without_dot(text + pattern.negated);
    pattern.length = strlen(text);
    while (pattern.length > 1 && text[pattern.length - 1] == '/')
        pattern.length--;
    pattern.text = allocated(calloc(1, pattern.length + 1));
    memcpy(pattern.text, text, pattern.length);
    pattern.is_of_path = strchr(pattern.text, '/') != NULL;
    pattern.head = strcspn(pattern.text, wildcards);
    for (size_t i = pattern.length; i > pattern.head && !strchr(wildcards, pattern.text[i - 1]);
         i--)
        pattern.tail++;
    return pattern;
}

static void compile_all(struct patterns *patterns, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < patterns->count; i++)
        free(patterns->list[i].text);
    free(patterns->list);
    patterns->count = count;
    *patterns->folder = '\0';
    patterns->found = 0;
    patterns->list = allocated(calloc(count + 1, sizeof *patterns->list));
    for (size_t i = 0; i < count; i++)
        patterns->list[i] = compile(texts[i]);
}

void ignore_setup(const struct options *all)
{
    options = all;
    compile_all(&standard, defaults, all->no_default_ignore ? 0 : DEFAULTS);
    compile_all(&given, all->ignore.list, all->ignore.count);
    compile_all(&only, all->only.list, all->only.count);
}

/* ---- Matching ---- */

/* What stands before and after the wildcards rules most patterns out. */
static int matches(const struct pattern *pattern, const char *text, size_t length)
{
    return pattern->length < PATH_SIZE && length >= pattern->head + pattern->tail &&
           is_same_text(text + length - pattern->tail,
                        pattern->text + pattern->length - pattern->tail, pattern->tail) &&
           is_same_text(text, pattern->text, pattern->head) && glob_matches(pattern->text, text);
}

/* Matches the path, or a folder that it is in: "src", "src/deep", "src/deep/file". */
static int matches_path(const struct pattern *pattern, const char *path)
{
    char part[PATH_SIZE];
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof part)
        return 0;
    for (size_t end = 1; end <= length; end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        memcpy(part, path, end);
        part[end] = '\0';
        if (matches(pattern, part, end))
            return 1;
    }
    return 0;
}

/* Copies the next name of the path, and moves *path behind it. Returns 0 at the end of the path.
 * Names that are too long are skipped. */
static int next_name(const char **path, char name[NAME_SIZE], size_t *length)
{
    while (**path != '\0') {
        *length = strcspn(*path, "/");
        if (*length > 0 && *length < NAME_SIZE) {
            memcpy(name, *path, *length);
            name[*length] = '\0';
        }
        *path += *length + ((*path)[*length] == '/');
        if (*length > 0 && *length < NAME_SIZE)
            return 1;
    }
    return 0;
}

/* The last pattern for names that matches this one, as a number counted from 1. Only those after
 * the number `behind` are tried; if none matches, `behind` is returned. */
static size_t find_by_name(const struct patterns *patterns, size_t behind, const char *name,
                           size_t length)
{
    for (size_t i = patterns->count; i > behind; i--)
        if (!patterns->list[i - 1].is_of_path && matches(&patterns->list[i - 1], name, length))
            return i;
    return behind;
}

static size_t find_by_path(const struct patterns *patterns, size_t behind, const char *path)
{
    for (size_t i = patterns->count; i > behind; i--)
        if (patterns->list[i - 1].is_of_path && matches_path(&patterns->list[i - 1], path))
            return i;
    return behind;
}

/* The last pattern that matches the path or a folder that it is in, or 0. */
static size_t find_number(const struct patterns *patterns, const char *path)
{
    size_t length, found = find_by_path(patterns, 0, path);
    char name[NAME_SIZE];

    while (next_name(&path, name, &length))
        found = find_by_name(patterns, found, name, length);
    return found;
}

/* The same for the folder that the path is in. Of a large tree, mostly one path after the other
 * has the same. */
static size_t find_for_folder(struct patterns *patterns, const char *path, size_t length)
{
    if (strncmp(patterns->folder, path, length) != 0 || patterns->folder[length] != '\0') {
        memcpy(patterns->folder, path, length);
        patterns->folder[length] = '\0';
        patterns->found = find_number(patterns, patterns->folder);
    }
    return patterns->found;
}

/* The same for the path, as its last name is all that is new to the folder. */
static size_t find_in_folder(struct patterns *patterns, const char *path, const char *name)
{
    size_t length = strlen(path), name_length = strlen(name);
    size_t found = name > path ? find_for_folder(patterns, path, (size_t)(name - path) - 1) : 0;

    for (size_t i = patterns->count; i > found; i--) {
        const struct pattern *pattern = &patterns->list[i - 1];
        if (pattern->is_of_path ? matches(pattern, path, length)
                                : matches(pattern, name, name_length))
            return i;
    }
    return found;
}

/* The last pattern that matches, or NULL. */
static const struct pattern *find(struct patterns *patterns, const char *below)
{
    const char *path = without_dot(below), *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t found;

    if (patterns->count == 0)
        return NULL;
    if (*name == '\0' || strlen(name) >= NAME_SIZE || strlen(path) >= PATH_SIZE)
        found = find_number(patterns, path);
    else
        found = find_in_folder(patterns, path, name);
    return found > 0 ? &patterns->list[found - 1] : NULL;
}

int is_ignored_by_default(const char *below)
{
    const struct pattern *pattern = find(&standard, below);

    return pattern && !pattern->negated;
}

/* ---- Answers ---- */

static int is_ignored(const char *path, const char *below)
{
    const struct pattern *pattern = find(&given, below);

    if (pattern)
        return !pattern->negated;
    if (git_tracks(path))
        return 0;
    pattern = find(&standard, below);
    if (pattern)
        return !pattern->negated;
    return git_lists_as_ignored(path);
}

int ignores_file(const char *path, const char *below)
{
    const struct pattern *pattern = find(&given, below);

    if (pattern)
        return !pattern->negated;
    return (only.count > 0 && !find(&only, below)) || is_ignored(path, below);
}

/* Is it a '!' pattern with a slash that may match something below the folder? */
static int reaches_below(const struct pattern *pattern, const char *folder)
{
    const char *of_pattern = pattern->text, *of_folder = without_dot(folder);
    char want[NAME_SIZE], name[NAME_SIZE];
    size_t length;

    if (!pattern->negated || !pattern->is_of_path)
        return 0;
    while (next_name(&of_folder, name, &length))
        if (!next_name(&of_pattern, want, &length) || !glob_matches(want, name))
            return 0;
    return 1;
}

/* cargo, pytest and others mark their folders in this way (https://bford.info/cachedir/). */
static int is_cache(const char *path)
{
    char tag[PATH_SIZE];

    if (options->no_default_ignore || snprintf(tag, sizeof tag, "%s/CACHEDIR.TAG", path) < 0)
        return 0;
    return strlen(tag) < sizeof tag - 1 && file_exists(tag);
}

int ignores_folder(const char *path, const char *below)
{
    for (size_t i = 0; i < given.count; i++)
        if (reaches_below(&given.list[i], below))
            return 0;
    return is_ignored(path, below) || (!git_tracks(path) && !find(&given, below) && is_cache(path));
}

/* ---- What is wanted ---- */

/* The part of the path below that root; "" for the root itself, NULL outside of it. */
static const char *below_root(const char *path, const char *root)
{
    size_t length;

    root = without_dot(root);
    length = strlen(root);
    while (length > 1 && root[length - 1] == '/')
        length--;
    if (length == 0 || strcmp(root, ".") == 0)
        return path;
    if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != '\0'))
        return NULL;
    return path + length + (path[length] == '/');
}

static int is_wanted_below(const char *below)
{
    const struct pattern *pattern = find(&given, below);

    if (!pattern)
        pattern = find(&standard, below);
    return *below == '\0' || (pattern && pattern->negated);
}

int is_wanted(const char *path)
{
    path = without_dot(path);
    for (size_t i = 0; i < options->watch.count; i++) {
        const char *below = below_root(path, options->watch.list[i]);
        if (below && is_wanted_below(below))
            return 1;
    }
    return 0;
}
