/* SPDX-License-Identifier: MIT
 * systemfd on Windows: opens sockets, starts the command, and answers its request for them
 * until it ends. */
#include "command_line.h"
#include "options.h"
#include "serve_sockets.h"
#include "run_command.h"
#include "report.h"
#include "sockets/sockets.h"
#include "devserver/supervise.h"
#include "system_error.h"

/* Of what is watched or ignored, paths have slashes here. */
static void use_slashes(const struct arguments *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        for (char *next = (char *)paths->list[i]; *next != '\0'; next++)
            if (*next == '\\')
                *next = '/';
}

int main(void)
{
    static struct sockets sockets; /* static: the server's thread goes on reading them */
    static struct options options;
    WSADATA unused;
    int argc, error = WSAStartup(MAKEWORD(2, 2), &unused);
    char **argv = utf8_arguments(&argc);

    options_parse(argc, argv, &options);
    report_setup(options.color, options.quiet);
    if (options_supervise(&options)) {
        use_slashes(&options.watch);
        use_slashes(&options.ignore);
        supervise_check(&options);
    }
    if (error != 0)
        die(EXIT_CANNOT_OPEN, "cannot use sockets: %s", system_error((DWORD)error));
    sockets_open(&sockets, &options);
    sockets_report(&sockets, "socket", 0);
    serve_sockets(&sockets);
    if (options_supervise(&options))
        ExitProcess((UINT)supervise(&options, &sockets));
    set_server_variables();
    ExitProcess(run_command(options.command));
}
