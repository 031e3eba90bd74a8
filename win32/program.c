/* SPDX-License-Identifier: MIT */
#include "program.h"

#include "command_line.h"
#include "report.h"
#include "wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

/* ---- Text ---- */

struct text {
    wchar_t *characters;
    size_t length, room;
};

static void add(struct text *text, const wchar_t *more, size_t length)
{
    if (!text->characters || text->length + length + 1 > text->room) {
        text->room = 2 * (text->length + length + 1);
        text->characters =
            allocated(realloc(text->characters, text->room * sizeof *text->characters));
    }
    wmemcpy(text->characters + text->length, more, length);
    text->length += length;
    text->characters[text->length] = L'\0';
}

static void add_text(struct text *text, const wchar_t *more)
{
    add(text, more, wcslen(more));
}

/* The value of an environment variable, or `usual` if it is not set; for free(). */
static wchar_t *variable(const wchar_t *name, const wchar_t *usual)
{
    DWORD size = GetEnvironmentVariableW(name, NULL, 0);
    struct text value = {0};

    add_text(&value, usual);
    if (size > 0) {
        value.characters = allocated(realloc(value.characters, size * sizeof *value.characters));
        GetEnvironmentVariableW(name, value.characters, size);
    }
    return value.characters;
}

/* ---- Finding ---- */

static int is_file(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);

    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* The next part of a list with semicolons, without quotes around it; NULL at the end. */
static const wchar_t *next_part(const wchar_t **list, size_t *length)
{
    const wchar_t *part = *list;

    if (*part == L'\0')
        return NULL;
    *length = wcscspn(part, L";");
    *list += *length + (part[*length] == L';');
    if (*length > 1 && *part == L'"' && part[*length - 1] == L'"') {
        part++;
        *length -= 2;
    }
    return part;
}

static int has_ending(const wchar_t *name)
{
    const wchar_t *dot = wcsrchr(name, L'.');

    return dot && !wcspbrk(dot, L"\\/");
}

static wchar_t *try_path(const struct text *base, const wchar_t *ending, size_t length)
{
    struct text path = {0};

    add(&path, base->characters, base->length);
    add(&path, ending, length);
    if (is_file(path.characters))
        return path.characters;
    free(path.characters);
    return NULL;
}

/* A name that has an extension of its own is tried as it is first; one without, last. */
static wchar_t *try_endings(const struct text *base, const wchar_t *endings, int own)
{
    wchar_t *found = own ? try_path(base, L"", 0) : NULL;
    const wchar_t *ending;
    size_t length;

    while (!found && (ending = next_part(&endings, &length)) != NULL)
        found = try_path(base, ending, length);
    return found || own ? found : try_path(base, L"", 0);
}

static wchar_t *try_folder(const wchar_t *folder, size_t length, const wchar_t *name,
                           const wchar_t *endings)
{
    struct text base = {0};
    wchar_t *found;

    add(&base, folder, length);
    if (length > 0 && !wcschr(L"\\/:", folder[length - 1]))
        add_text(&base, L"\\");
    add_text(&base, name);
    found = try_endings(&base, endings, has_ending(name));
    free(base.characters);
    return found;
}

static wchar_t *try_folders(const wchar_t *path, const wchar_t *name, const wchar_t *endings)
{
    const wchar_t *folder;
    wchar_t *found = NULL;
    size_t length;

    if (NeedCurrentDirectoryForExePathW(name))
        found = try_folder(L".", 1, name, endings);
    while (!found && (folder = next_part(&path, &length)) != NULL)
        if (length > 0)
            found = try_folder(folder, length, name, endings);
    return found;
}

static wchar_t *find(const wchar_t *name)
{
    wchar_t *endings = variable(L"PATHEXT", L".COM;.EXE;.BAT;.CMD");
    wchar_t *path = variable(L"PATH", L""), *found;

    if (wcspbrk(name, L"\\/:"))
        found = try_folder(L"", 0, name, endings);
    else
        found = try_folders(path, name, endings);
    free(endings);
    free(path);
    if (!found)
        SetLastError(ERROR_FILE_NOT_FOUND);
    return found;
}

/* ---- Batch files ---- */

/* Windows takes "x.bat. " for x.bat (CVE-2024-43402). */
static int is_batch(const wchar_t *path)
{
    size_t length = wcslen(path);

    while (length > 0 && wcschr(L". ", path[length - 1]))
        length--;
    return length > 4 && (_wcsnicmp(path + length - 4, L".bat", 4) == 0 ||
                          _wcsnicmp(path + length - 4, L".cmd", 4) == 0);
}

/* Within quotes, two characters still mean something to cmd.exe. A quote is doubled. '%' cannot be
 * escaped on a command line, so it is followed by "%cd:~,%": no characters of a variable that
 * always exists. That expands to nothing and leaves the first '%' alone. */
static void add_for_cmd(struct text *line, const wchar_t *argument)
{
    add_text(line, L"\"");
    for (; *argument != L'\0'; argument++) {
        size_t backslashes = wcsspn(argument, L"\\");
        add(line, argument, backslashes);
        argument += backslashes;
        if (*argument == L'\0' || *argument == L'"')
            add(line, argument - backslashes, backslashes); /* otherwise they escape the quote */
        if (*argument == L'\0')
            break;
        if (*argument == L'"')
            add_text(line, L"\"\"");
        else if (*argument == L'%')
            add_text(line, L"%%cd:~,%");
        else
            add(line, argument, 1);
    }
    add_text(line, L"\"");
}

/* A new line ends the command, even within quotes. */
static int can_be_passed(char **arguments)
{
    for (; *arguments; arguments++)
        if (strpbrk(*arguments, "\r\n"))
            return 0;
    return 1;
}

static wchar_t *path_of_cmd(void)
{
    wchar_t folder[MAX_PATH];
    struct text path = {0};

    if (GetSystemDirectoryW(folder, MAX_PATH) == 0)
        *folder = L'\0';
    add_text(&path, folder);
    add_text(&path, L"\\cmd.exe");
    return path.characters;
}

/* Turns extensions on, for %cd:~,%, and delayed expansion off, in which '!' marks a variable. */
static int make_batch(wchar_t *script, char **arguments, struct program *program)
{
    struct text line = {0};

    if (!can_be_passed(arguments)) {
        free(script);
        SetLastError(ERROR_BAD_ARGUMENTS);
        return 0;
    }
    add_text(&line, L"cmd.exe /d /e:ON /v:OFF /s /c \"");
    add_for_cmd(&line, script);
    for (; *arguments; arguments++) {
        wchar_t *wide = to_wide(*arguments);
        add_text(&line, L" ");
        add_for_cmd(&line, wide);
        free(wide);
    }
    add_text(&line, L"\"");
    free(script);
    program->path = path_of_cmd();
    program->line = line.characters;
    return 1;
}

/* ---- Programs ---- */

int program_find(char **command, struct program *program)
{
    wchar_t *name = to_wide(command[0]), *path = find(name);

    free(name);
    if (!path)
        return 0;
    if (is_batch(path))
        return make_batch(path, command + 1, program);
    program->path = path;
    program->line = join_arguments(command);
    return 1;
}

/* With /s, all between the first and the last quote is the command, unchanged. */
void program_of_shell(const char *command, struct program *program)
{
    wchar_t *usual = path_of_cmd(), *wide = to_wide(command);
    struct text line = {0};

    program->path = variable(L"COMSPEC", usual);
    add_text(&line, L"\"");
    add_text(&line, program->path);
    add_text(&line, L"\" /d /s /c \"");
    add_text(&line, wide);
    add_text(&line, L"\"");
    program->line = line.characters;
    free(usual);
    free(wide);
}

void program_free(struct program *program)
{
    free(program->path);
    free(program->line);
}
