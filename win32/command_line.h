/* SPDX-License-Identifier: MIT
 * A Windows process gets one string, which it splits into arguments itself. This goes both ways, by
 * the rules of CommandLineToArgvW and of Microsoft's C runtime. (A batch file's arguments are read
 * by cmd.exe, which has other rules.) */
#ifndef SYSTEMFD_COMMAND_LINE_H
#define SYSTEMFD_COMMAND_LINE_H

#include <wchar.h>

/* This process's arguments, in UTF-8 and ended by NULL. */
char **utf8_arguments(int *count);

/* For CreateProcessW. */
wchar_t *join_arguments(char **arguments);

#endif
