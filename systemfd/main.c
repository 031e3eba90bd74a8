/* SPDX-License-Identifier: MIT
 * systemfd: opens sockets and passes them as systemd does. */
#include "command.h"
#include "devserver/supervise.h"
#include "options.h"
#include "report.h"
#include "sockets/placeholders.h"
#include "sockets/sockets.h"
#include "sockets/suitable.h"

int main(int argc, char **argv)
{
    static struct options options;
    static struct sockets sockets; /* static: on Windows a thread reads them */

    command_prepare(&argc, &argv);
    options_parse(argc, argv, &options);
    if (options.given[NOT_WINDOWS] && !passes_descriptors)
        die(EXIT_USAGE, "--%s is not there on Windows", options.given[NOT_WINDOWS]);
    report_setup(options.color, options.quiet, is_on_terminal(), terminal_has_colors());
    if (options_supervise(&options))
        supervise_check(&options);
    sockets_open(&sockets, &options);
    sockets_check(&sockets, &options);
    if (options.placeholders)
        placeholders_replace(&options, &sockets, first_socket);
    if (options.clear)
        report_clear();
    sockets_report(&sockets, socket_place, first_socket);
    if (options_supervise(&options))
        return supervise(&options, &sockets);
    command_run(&options, &sockets);
}
