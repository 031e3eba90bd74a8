/* SPDX-License-Identifier: MIT */
#include "variables.h"

#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void set_variable(const char *name, const char *value)
{
    if (setenv(name, value, 1) < 0)
        die(EXIT_CANNOT_OPEN, "cannot set %s: %s", name, strerror(errno));
}

void set_number(const char *name, unsigned long long number)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", number);
    set_variable(name, text);
}
