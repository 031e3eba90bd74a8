/* SPDX-License-Identifier: MIT
 * systemfd on Windows: opens sockets, starts the command, and answers its request for them
 * until it ends. */
#include "command_line.h"
#include "options.h"
#include "process.h"
#include "report.h"
#include "server.h"
#include "sockets.h"
#include "system_error.h"

#include <stdlib.h>

/* listenfd_from_env has removed what was there before. */
static void set_variables(const struct sockets *sockets, const struct server *server)
{
    char *names = sockets_names(sockets);

    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SERVER", server->address);
    SetEnvironmentVariableA("SYSTEMFD_SOCKET_SECRET", server->secret);
    if (sockets->named)
        SetEnvironmentVariableA("LISTEN_FDNAMES", names);
    free(names);
}

int main(void)
{
    static struct sockets sockets; /* static: the server's thread goes on reading them */
    static struct server server;
    struct options options;
    WSADATA unused;
    int argc, error = WSAStartup(MAKEWORD(2, 2), &unused);
    char **argv = utf8_arguments(&argc);

    options_parse(argc, argv, &options);
    report_setup(options.color, options.quiet);
    if (options_supervise(&options))
        die(EXIT_USAGE, "the development server (--watch, --build, --restart-on-hup) does not run "
                        "on Windows; put a watcher in the command's place: "
                        "systemfd -s http::5000 -- watchexec -r -- server.exe");
    if (error != 0)
        die(EXIT_CANNOT_OPEN, "cannot use sockets: %s", system_error((DWORD)error));
    sockets_open(&sockets, &options);
    sockets_report(&sockets, "socket", 0);
    if (sockets.count > 0) {
        server_start(&server, &sockets);
        set_variables(&sockets, &server);
    }
    ExitProcess(run_to_its_end(options.command));
}
