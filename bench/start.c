/* SPDX-License-Identifier: MIT
 * A whole process that takes the one TCP listener that was passed. Its launcher is a
 * stop-watch that sets no LISTEN_PID, on which libsystemd insists: so it does that itself. */
#include "receiver.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    char pid[24];

    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("LISTEN_PID", pid, 1);
    return receive_all() != 1;
}
