/* SPDX-License-Identifier: MIT */
#include "exit_code.h"

#include <stdio.h>

static const struct {
    DWORD code;
    const char *meaning;
} exceptions[] = {
    {0xc0000005, "access violation"},
    {0xc000001d, "illegal instruction"},
    {0xc0000094, "division by zero"},
    {0xc00000fd, "stack overflow"},
    {0xc0000135, "a DLL is missing"},
    {0xc0000139, "a DLL lacks what is wanted of it"},
    {0xc000013a, "Ctrl-C"},
    {0xc0000142, "a DLL did not start"},
    {0xc0000374, "the heap is broken"},
    {0xc0000409, "stack overrun, or abort"},
    {0xe06d7363, "a C++ exception"},
    {0xe0434352, "a .NET exception"},
};

static const char *meaning_of(DWORD code)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
        if (exceptions[i].code == code)
            return exceptions[i].meaning;
    return NULL;
}

/* Is it an NTSTATUS of the system itself? Then the severity is 3, and neither the customer bit nor
 * the reserved bit is set ([MS-ERREF] 2.3). exit(-1) is not. */
static int is_error_status(DWORD code)
{
    return code >> 28 == 0xc;
}

void describe_exit(DWORD code, struct exit_status *how)
{
    const char *meaning = meaning_of(code);

    how->code = (int)code;
    if (meaning || is_error_status(code))
        snprintf(how->text, sizeof how->text, "0x%08lx, %s", code,
                 meaning ? meaning : "an exception");
    else
        snprintf(how->text, sizeof how->text, "exit status %ld", (long)code);
}
