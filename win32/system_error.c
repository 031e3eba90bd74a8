/* SPDX-License-Identifier: MIT */
#include "system_error.h"

#include <stdio.h>

const char *system_error(DWORD error)
{
    static char text[256];
    const DWORD how =
        FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    DWORD length = FormatMessageA(how, NULL, error, 0, text, sizeof text, NULL);

    if (length == 0)
        snprintf(text, sizeof text, "error %lu", error);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '.'))
        text[--length] = '\0';
    return text;
}
