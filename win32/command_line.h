/* SPDX-License-Identifier: MIT
 * A Windows process gets its arguments as one string, which it splits itself. These calls convert
 * both ways, by the rules of CommandLineToArgvW and of Microsoft's C runtime. (cmd.exe has other
 * rules for the arguments of a batch file: program.h.) */
#ifndef SYSTEMFD_COMMAND_LINE_H
#define SYSTEMFD_COMMAND_LINE_H

#include <wchar.h>

/* The arguments of this process, in UTF-8 and ended by NULL. Exits with a message on failure. */
char **utf8_arguments(int *count);

/* The command line for CreateProcessW, from arguments ended by NULL; for free(). */
wchar_t *join_arguments(char **arguments);

#endif
