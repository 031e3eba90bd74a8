/* SPDX-License-Identifier: MIT */
#include "bind_failure.h"

#include "report.h"

#include <string.h>

static int contains(const struct tail *output, const char *words)
{
    size_t length = strlen(words);

    for (size_t i = 0; i + length <= output->length; i++)
        if (memcmp(output->text + i, words, length) == 0)
            return 1;
    return 0;
}

/* The system does not tell why another process's bind(2) failed. But most programs print what
 * strerror(3) says, the capital aside; on Windows, what FormatMessage says. */
static int says_address_in_use(const struct tail *output)
{
    return contains(output, "ddress already in use") ||
           contains(output, "Only one usage of each socket address");
}

void bind_failure_explain(const struct tail *output, int others_run)
{
    if (!says_address_in_use(output))
        return;
    if (others_run)
        report("if another server of this command has that address, let systemfd open it, with "
               "one more -s; or give --stop-first");
    else
        report("if the server opens its port itself, it has to take the one that systemfd has "
               "opened (LISTEN_FDS); see listenfd(7)");
}
