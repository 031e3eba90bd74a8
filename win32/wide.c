/* SPDX-License-Identifier: MIT */
#include "wide.h"

#include "report.h"

#include <stdlib.h>
#include <windows.h>

static void *allocate(int count, size_t size)
{
    void *memory = calloc((size_t)count + 1, size);

    if (!memory)
        die(EXIT_CANNOT_OPEN, "out of memory");
    return memory;
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
