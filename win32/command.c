/* SPDX-License-Identifier: MIT */
#include "command.h"

#include "command_line.h"
#include "run_command.h"
#include "serve_sockets.h"
#include "system_error.h"

const char socket_place[] = "socket";
const int first_socket = 0;
const int passes_descriptors = 0;

/* Writes UTF-16, because the console takes bytes for text in its code page. */
static void write_to_console(const char *text, size_t length)
{
    wchar_t wide[REPORT_SIZE];
    DWORD written;
    int count = MultiByteToWideChar(CP_UTF8, 0, text, (int)length, wide, REPORT_SIZE);

    WriteConsoleW(GetStdHandle(STD_ERROR_HANDLE), wide, (DWORD)count, &written, NULL);
}

void command_prepare(int *argc, char ***argv)
{
    WSADATA unused;
    int error = WSAStartup(MAKEWORD(2, 2), &unused);

    if (error != 0)
        die(EXIT_CANNOT_OPEN, "cannot use sockets: %s", system_error((DWORD)error));
    *argv = utf8_arguments(argc);
    if (is_on_terminal())
        report_through(write_to_console);
}

int is_on_terminal(void)
{
    DWORD mode;

    return GetConsoleMode(GetStdHandle(STD_ERROR_HANDLE), &mode);
}

/* Switches on escape sequences: Windows 10 and later ("Console Virtual Terminal Sequences"). */
int terminal_has_colors(void)
{
    HANDLE console = GetStdHandle(STD_ERROR_HANDLE);
    DWORD mode;

    return GetConsoleMode(console, &mode) &&
           SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

void command_run(const struct options *options, const struct sockets *sockets)
{
    serve_sockets(sockets);
    set_server_variables();
    ExitProcess(run_command(options->command));
}
