/* SPDX-License-Identifier: MIT
 * Turns a command into what CreateProcessW needs: the program's file and a command line. */
#ifndef SYSTEMFD_PROGRAM_H
#define SYSTEMFD_PROGRAM_H

#include <wchar.h>

struct program {
    wchar_t *path; /* lpApplicationName */
    wchar_t *line; /* lpCommandLine */
};

/* Finds the file as cmd.exe does: in the current folder, then in those of PATH, with the extensions
 * of PATHEXT added; a name that has an extension is first tried as it is. CreateProcess would look
 * into systemfd's own folder first, and know only .exe. A batch file is passed to cmd.exe, with its
 * arguments quoted so that they are only text. Returns 0 with GetLastError() when there is no such
 * file, or when an argument cannot be passed. */
int program_find(char **command, struct program *program);

/* Makes a program of a shell command, such as that of --build: cmd.exe runs it. */
void program_of_shell(const char *command, struct program *program);

/* Frees the strings of a program, which program_find or program_of_shell has made. */
void program_free(struct program *program);

#endif
