/* SPDX-License-Identifier: MIT */
#include "wide.h"

#include "report.h"

#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

static void *allocate(int count, size_t size)
{
    return allocated(calloc((size_t)count + 1, size));
}

char *to_utf8(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = allocate(size, 1);

    WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
    return text;
}

wchar_t *to_wide(const char *text)
{
    int size = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *wide = allocate(size, sizeof *wide);

    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, size);
    return wide;
}

/* MAX_PATH includes the NUL, and a folder must leave room for the short name of a file. */
wchar_t *to_wide_path(const char *path)
{
    static const wchar_t any[] = L"\\\\?\\", share[] = L"\\\\?\\UNC";
    wchar_t *wide = to_wide(path), *full, *prefixed;
    DWORD size;

    if (wcslen(wide) < MAX_PATH - 12 || wcsncmp(wide, any, 4) == 0)
        return wide;
    size = GetFullPathNameW(wide, 0, NULL, NULL);
    full = allocate((int)size, sizeof *full);
    prefixed = allocate((int)size + 8, sizeof *prefixed);
    if (size > 0 && GetFullPathNameW(wide, size, full, NULL) > 0) {
        int is_share = wcsncmp(full, L"\\\\", 2) == 0;
        wcscpy(prefixed, is_share ? share : any);
        wcscat(prefixed, full + is_share); /* without the first of a share's two backslashes */
    } else {
        wcscpy(prefixed, wide);
    }
    free(wide);
    free(full);
    return prefixed;
}
