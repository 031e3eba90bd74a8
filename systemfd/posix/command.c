/* SPDX-License-Identifier: MIT */
#include "command.h"

#include "exec_command.h"
#include "localhost.h"
#include "title.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char socket_place[] = "fd";
const int first_socket = FIRST_FD;
const int passes_descriptors = 1;

/* O_CLOEXEC: the command finds these streams closed again. */
void command_prepare(int *argc, char ***argv)
{
    (void)argc;
    title_prepare(*argv);
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDWR | O_CLOEXEC); /* gets the lowest free number: fd */
}

int is_on_terminal(void)
{
    return isatty(STDERR_FILENO);
}

int terminal_has_colors(void)
{
    const char *kind = getenv("TERM");

    return is_on_terminal() && kind && strcmp(kind, "dumb") != 0;
}

void command_run(const struct options *options, const struct sockets *sockets)
{
    localhost_check(sockets);
    exec_server(sockets, options, 1);
}
