/* SPDX-License-Identifier: MIT
 * From a command to what CreateProcessW wants: which file it is, and its command line. */
#ifndef SYSTEMFD_PROGRAM_H
#define SYSTEMFD_PROGRAM_H

#include <wchar.h>

struct program {
    wchar_t *path; /* lpApplicationName */
    wchar_t *line; /* lpCommandLine */
};

/* Finds the file as cmd.exe does: in the current folder, then in those of PATH, with the endings
 * of PATHEXT where the name has none. CreateProcess would look into systemfd's own folder first,
 * and know only .exe. A batch file is given to cmd.exe, with arguments that it can read only as
 * text. Returns 0 with GetLastError() when there is none, or when an argument cannot be passed. */
int program_find(char **command, struct program *program);

/* A command for cmd.exe, as --build has it. */
void program_of_shell(const char *command, struct program *program);

void program_free(struct program *program);

#endif
