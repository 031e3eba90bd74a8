/* SPDX-License-Identifier: MIT
 * systemfd: opens sockets and passes them as systemd does. */
#include "exec_command.h"
#include "options.h"
#include "report.h"
#include "sockets/sockets.h"
#include "devserver/supervise.h"

int main(int argc, char **argv)
{
    static struct options options;
    static struct sockets sockets;

    guard_standard_streams();
    options_parse(argc, argv, &options);
    report_setup(options.color, options.quiet);
    if (options_supervise(&options))
        supervise_check(&options);
    sockets_open(&sockets, &options);
    sockets_report(&sockets, "fd", FIRST_FD);
    if (options_supervise(&options))
        return supervise(&options, &sockets);
    exec_command(&sockets, !options.no_pid, options.command);
}
