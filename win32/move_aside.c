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
    MOST_ASIDE = 32,   /* of one file, whose programs all run still */
    PATIENCE_MS = 1000 /* with a virus scanner or the like, which lets nobody rename the file */
};

static wchar_t **moved; /* for each file its other name; NULL: it has its own */

/* For free(). */
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

/* The program of a running process cannot be deleted. */
static void remove_unused(const char *file)
{
    for (int number = 1; number <= MOST_ASIDE; number++) {
        wchar_t *name = other_name(file, number);
        DeleteFileW(name);
        free(name);
    }
}

/* May nobody write to it? */
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

/* To the first name that nothing has; one that is just being deleted is "denied". */
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

/* The build goes on in any case: it says itself what it cannot write. */
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
