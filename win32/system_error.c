/* SPDX-License-Identifier: MIT */
#include "system_error.h"

#include <stdio.h>

const char *system_error(DWORD error)
{
    static char text[768]; /* 256 units of UTF-16 have at most 3 bytes each */
    wchar_t wide[256];
    const DWORD how =
        FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    DWORD length = FormatMessageW(how, NULL, error, 0, wide, 256, NULL);

    while (length > 0 && (wide[length - 1] == L' ' || wide[length - 1] == L'.'))
        wide[--length] = L'\0';
    if (length == 0 ||
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, sizeof text, NULL, NULL) == 0)
        snprintf(text, sizeof text, "error %lu", error);
    return text;
}
