/* SPDX-License-Identifier: MIT */
#include "start_error.h"

#include "clock.h"
#include "report.h"
#include "system_error.h"

#include <stdio.h>

enum { PATIENCE_MS = 2000 };

/* NULL where the system's own words are good enough: some have a placeholder for a name ("%1"). */
static const char *better_words(DWORD error)
{
    switch (error) {
    case ERROR_BAD_EXE_FORMAT:
        return "it is not a program of this system";
    case ERROR_EXE_MACHINE_TYPE_MISMATCH:
        return "it is a program for another kind of machine (32 or 64 bits, x86 or ARM)";
    case ERROR_BAD_ARGUMENTS:
        return "an argument of a batch file cannot hold a new line";
    case ERROR_SHARING_VIOLATION:
        return "another program has the file open; a linker or a virus scanner, perhaps";
    case ERROR_ACCESS_DENIED:
        return "access is denied; by its permissions, or by a virus scanner";
    default:
        return NULL;
    }
}

int describe_start_error(const char *command, DWORD error, char *message, size_t size)
{
    const char *words = better_words(error);

    if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND) {
        snprintf(message, size, "cannot find the command '%s'", command);
        return EXIT_NOT_FOUND;
    }
    snprintf(message, size, "cannot execute '%s': %s", command,
             words ? words : system_error(error));
    return EXIT_CANNOT_EXECUTE;
}

/* In Wine, a shortage can be an "internal error". */
static int is_shortage(DWORD error)
{
    return error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_OUTOFMEMORY ||
           error == ERROR_NO_SYSTEM_RESOURCES || error == ERROR_COMMITMENT_LIMIT ||
           error == ERROR_NOT_ENOUGH_QUOTA || error == ERROR_INTERNAL_ERROR;
}

int may_pass_by(DWORD error)
{
    static long long first; /* when this series of refusals began; a longer pause ends a series */
    static long long last;
    long long now = now_ms();

    if (is_shortage(error))
        return 1;
    if (error != ERROR_SHARING_VIOLATION && error != ERROR_ACCESS_DENIED)
        return 0;
    if (last == 0 || now - last > PATIENCE_MS)
        first = now;
    last = now;
    return now - first < PATIENCE_MS;
}
