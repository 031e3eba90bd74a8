/* SPDX-License-Identifier: MIT */
#include "after.h"

#include "clock.h"
#include "report.h"
#include "sockets/open.h"

#include <stdio.h>
#include <string.h>

enum {
    STOP_MS = 2000, /* for a command that was asked to end */
    ADDRESSES_SIZE = 8192
};

static const struct options *options;
static const struct sockets *sockets;
static struct child child;
static struct tail output;
static unsigned running, next; /* server of the last and of the following command; 0: none */
static long long began, deadline;
static int over;

void after_setup(const struct options *given, const struct sockets *given_sockets)
{
    options = given;
    sockets = given_sockets;
}

/* One address per line, in the order of the sockets; it ends where there is no more room. */
static void list_addresses(char *list, size_t size)
{
    size_t length = 0;

    *list = '\0';
    for (size_t i = 0; i < sockets->count; i++) {
        char address[256];
        format_bound_address(sockets->list[i].fd, address, sizeof address);
        if (length + strlen(address) + 2 > size)
            return;
        length +=
            (size_t)snprintf(list + length, size - length, "%s%s", length > 0 ? "\n" : "", address);
    }
}

static void run(unsigned generation)
{
    char number[16], addresses[ADDRESSES_SIZE];
    const struct variable variables[] = {
        {"SYSTEMFD_GENERATION", number}, {"SYSTEMFD_ADDRESSES", addresses}, {NULL, NULL}};

    snprintf(number, sizeof number, "%u", generation);
    list_addresses(addresses, sizeof addresses);
    began = now_ms();
    running = generation;
    if (!child_start_shell(&child, "the command of --after", options->after, variables, &output))
        child.id = 0;
}

void after_ready(unsigned generation)
{
    if (!options->after || over)
        return;
    if (child.id)
        next = generation;
    else
        run(generation);
}

long after_id(void)
{
    return child.id;
}

/* Processes that the command has left in the background go on, as after any shell command. */
void after_has_ended(const struct exit_status *how)
{
    unsigned following = next;

    if (how->code != 0 && !over)
        report("the command after server %u failed after %s: %s", running, since(began), how->text);
    child_forget(&child);
    next = 0;
    if (following)
        after_ready(following);
}

void after_stop(void)
{
    over = 1;
    if (!child.id)
        return;
    deadline = now_ms() + STOP_MS;
    child_stop_build(&child);
}

void after_kill(void)
{
    if (child.id)
        child_kill(&child);
}

void after_look(void)
{
    if (child.id && deadline && now_ms() >= deadline) {
        child_kill(&child);
        deadline = 0;
    }
}

int after_timeout(void)
{
    return child.id && deadline ? until(deadline) : -1;
}
