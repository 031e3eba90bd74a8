/* SPDX-License-Identifier: MIT */
#include "devserver/move_aside.h"

#include "clock.h"
#include "system_error.h"
#include "wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum {
    MOST_ASIDE = 32,   /* old versions of one file that still run */
    PATIENCE_MS = 1000 /* for a virus scanner, say, which keeps the file from being renamed */
};

static wchar_t **moved; /* for each file its other name, or NULL if it was not moved */

/* The name for the file's version of that number; for free(). */
static wchar_t *other_name(const char *file, int number)
{
    size_t size = strlen(file) + sizeof ".systemfd-00.tmp";
    char *name = allocated(malloc(size));
    wchar_t *wide;

    snprintf(name, size, "%s.systemfd-%d.tmp", file, number);
    wide = to_wide_path(name);
    free(name);
    return wide;
}

/* Tries them all: Windows does not delete the program of a running process. */
static void remove_unused(const char *file)
{
    for (int number = 1; number <= MOST_ASIDE; number++) {
        wchar_t *name = other_name(file, number);
        DeleteFileW(name);
        free(name);
    }
}

/* Is the file closed to writers, as the program of a running process is? */
static int is_in_use(const wchar_t *file)
{
    HANDLE handle =
        CreateFileW(file, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);

    if (handle == INVALID_HANDLE_VALUE)
        return GetLastError() == ERROR_SHARING_VIOLATION;
    CloseHandle(handle);
    return 0;
}

/* Uses the first free name. For one whose file is just being deleted, Windows says "access denied".
 * Returns NULL with GetLastError() on failure. */
static wchar_t *rename_to_free(const char *file, const wchar_t *wide)
{
    for (int number = 1; number <= MOST_ASIDE; number++) {
        wchar_t *name = other_name(file, number);
        DWORD error = MoveFileExW(wide, name, 0) ? ERROR_SUCCESS : GetLastError();
        if (error == ERROR_SUCCESS)
            return name;
        free(name);
        if (error != ERROR_ALREADY_EXISTS && error != ERROR_FILE_EXISTS &&
            error != ERROR_ACCESS_DENIED) {
            SetLastError(error);
            return NULL;
        }
    }
    return NULL;
}

/* Returns the new name, or NULL. The build goes on in any case: it reports what it cannot write. */
static wchar_t *move(const char *file)
{
    long long deadline = now_ms() + PATIENCE_MS;
    wchar_t *wide = to_wide_path(file), *name = NULL;

    while (is_in_use(wide) && (name = rename_to_free(file, wide)) == NULL) {
        DWORD error = GetLastError();
        if (error == ERROR_SHARING_VIOLATION && now_ms() < deadline) {
            Sleep(20);
            continue;
        }
        report("cannot move %s aside: %s", file, system_error(error));
        break;
    }
    free(wide);
    return name;
}

void move_aside(const struct arguments *files)
{
    if (!moved)
        moved = calloc(files->count + 1, sizeof *moved);
    for (size_t i = 0; moved && i < files->count; i++) {
        remove_unused(files->list[i]);
        moved[i] = move(files->list[i]);
    }
}

void move_back(const struct arguments *files)
{
    for (size_t i = 0; moved && i < files->count; i++) {
        wchar_t *wide = to_wide_path(files->list[i]);
        if (moved[i] && !MoveFileExW(moved[i], wide, 0) && GetLastError() != ERROR_ALREADY_EXISTS &&
            GetLastError() != ERROR_FILE_EXISTS)
            report("cannot move %s back: %s", files->list[i], system_error(GetLastError()));
        free(moved[i]);
        free(wide);
        moved[i] = NULL;
    }
}

void move_aside_end(const struct arguments *files)
{
    for (size_t i = 0; i < files->count; i++)
        remove_unused(files->list[i]);
}
