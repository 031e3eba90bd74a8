/* SPDX-License-Identifier: MIT
 * systemfd: opens sockets, passes them as systemd does, and becomes the command. */
#include "handover.h"
#include "options.h"
#include "report.h"
#include "sockets.h"

int main(int argc, char **argv)
{
    static struct options options;
    static struct sockets sockets;

    guard_standard_streams();
    options_parse(argc, argv, &options);
    report_setup(options.color, options.quiet);
    sockets_open(&sockets, &options);
    sockets_report(&sockets, "fd", FIRST_FD);
    hand_over(&sockets, !options.no_pid, options.command);
}
