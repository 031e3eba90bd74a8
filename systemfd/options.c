/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "listenfd.h"
#include "spec.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: systemfd [OPTIONS] [--] COMMAND [ARGS...]\n"
    "\n"
    "Opens sockets, passes them to COMMAND as systemd does (LISTEN_FDS), and becomes it.\n"
    "\n"
    "  -s, --socket [NAME=][TYPE::]SPEC  open a socket; repeat for more\n"
    "                      TYPE  %s\n"
    "                      SPEC  PORT, HOST:PORT, [V6]:PORT, PATH or @ABSTRACT;\n"
    "                            port 0 lets the system choose, host * is every address;\n"
    "                            a unix PATH may end in ,mode=OCTAL\n"
    "                      NAME  what LISTEN_FDNAMES calls it\n"
    "  -b, --backlog N     connections that may wait for the server (default: the system's\n"
    "                      largest)\n"
    "      --no-reuse      do not set SO_REUSEADDR\n"
    "      --reuse-port    set SO_REUSEPORT: several may bind one port\n"
    "      --no-pid        do not set LISTEN_PID: COMMAND is a watcher or shell, which starts\n"
    "                      the server as a process of its own\n"
    "  -q, --quiet         do not print what was opened\n"
    "      --color WHEN    auto, always or never\n"
    "  -h, --help          print this\n"
    "  -V, --version       print the version\n"
    "\n"
    "Examples:\n"
    "  systemfd -s http::5000 -- ./server\n"
    "  systemfd -s web=http::5000 -s admin=unix::/tmp/admin.sock,mode=600 -- ./server\n"
    "  systemfd --no-pid -s http::5000 -- watchexec -r -- ./server\n"
    "\n"
    "Exit status: COMMAND's own, or 1 a socket could not be opened, 2 usage,\n"
    "126 COMMAND cannot be executed, 127 COMMAND was not found.\n"
    "\n"
    "On Windows there are no unix types, --no-reuse and --no-pid change nothing, and systemfd\n"
    "stays while COMMAND runs: it answers COMMAND's request for the sockets.\n";

struct option {
    char letter; /* '\0': none */
    const char *name;
    void (*flag)(struct options *);
    void (*value)(struct options *, const char *); /* takes a value where this is set */
};

static void add_socket(struct options *options, const char *value)
{
    options->sockets[options->socket_count++] = value;
}

static void set_backlog(struct options *options, const char *value)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || number < 1 || number > INT_MAX)
        die(EXIT_USAGE, "--backlog '%s' is not a number from 1 to %d", value, INT_MAX);
    options->backlog = (int)number;
}

static void set_color(struct options *options, const char *value)
{
    if (strcmp(value, "auto") == 0)
        options->color = COLOR_AUTO;
    else if (strcmp(value, "always") == 0)
        options->color = COLOR_ALWAYS;
    else if (strcmp(value, "never") == 0)
        options->color = COLOR_NEVER;
    else
        die(EXIT_USAGE, "--color '%s' is none of auto, always, never", value);
}

static void set_no_reuse(struct options *options)
{
    options->no_reuse = 1;
}

static void set_reuse_port(struct options *options)
{
    options->reuse_port = 1;
}

static void set_no_pid(struct options *options)
{
    options->no_pid = 1;
}

static void set_quiet(struct options *options)
{
    options->quiet = 1;
}

static void finish_output(void)
{
    if (fflush(stdout) != 0)
        die(EXIT_CANNOT_OPEN, "cannot write to standard output: %s", strerror(errno));
    exit(0);
}

static void print_help(struct options *options)
{
    (void)options;
    printf(help, spec_types);
    finish_output();
}

static void print_version(struct options *options)
{
    (void)options;
    puts("systemfd " LISTENFD_VERSION);
    finish_output();
}

static const struct option table[] = {
    {'s', "socket", NULL, add_socket},      {'b', "backlog", NULL, set_backlog},
    {'\0', "no-reuse", set_no_reuse, NULL}, {'\0', "reuse-port", set_reuse_port, NULL},
    {'\0', "no-pid", set_no_pid, NULL},     {'q', "quiet", set_quiet, NULL},
    {'\0', "color", NULL, set_color},       {'h', "help", print_help, NULL},
    {'V', "version", print_version, NULL},
};

enum { TABLE_SIZE = sizeof table / sizeof table[0] };

static const struct option *find_letter(char letter)
{
    for (int i = 0; i < TABLE_SIZE; i++)
        if (letter != '\0' && table[i].letter == letter)
            return &table[i];
    die(EXIT_USAGE, "there is no option -%c; see systemfd --help", letter);
}

static const struct option *find_name(const char *name, size_t length)
{
    for (int i = 0; i < TABLE_SIZE; i++)
        if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
            return &table[i];
    die(EXIT_USAGE, "there is no option --%.*s; see systemfd --help", (int)length, name);
}

/* The value is what stands in the same argument, or else the next argument. */
static const char *take_value(const struct option *option, const char *attached, char ***next)
{
    if (attached)
        return attached;
    if (!**next)
        die(EXIT_USAGE, "--%s wants a value; see systemfd --help", option->name);
    return *(*next)++;
}

/* "name" or "name=value", after its dashes. */
static void parse_long(struct options *options, const char *text, char ***next)
{
    size_t length = strcspn(text, "=");
    const struct option *option = find_name(text, length);
    const char *attached = text[length] == '=' ? text + length + 1 : NULL;

    if (option->value)
        option->value(options, take_value(option, attached, next));
    else if (attached)
        die(EXIT_USAGE, "--%s takes no value", option->name);
    else
        option->flag(options);
}

/* "q", "qs5000", "s=5000" or "s", after its dash. */
static void parse_letters(struct options *options, const char *text, char ***next)
{
    for (; *text != '\0'; text++) {
        const struct option *option = find_letter(*text);
        const char *attached = text[1] == '=' ? text + 2 : text[1] ? text + 1 : NULL;
        if (option->value) {
            option->value(options, take_value(option, attached, next));
            return;
        }
        option->flag(options);
    }
}

void options_parse(int argc, char **argv, struct options *options)
{
    char **next = argv + 1;

    memset(options, 0, sizeof *options);
    options->backlog = SOMAXCONN;
    options->sockets = calloc((size_t)argc + 1, sizeof *options->sockets);
    if (!options->sockets)
        die(EXIT_CANNOT_OPEN, "out of memory");
    while (*next && **next == '-' && (*next)[1] != '\0') {
        const char *argument = *next++;
        if (strcmp(argument, "--") == 0)
            break;
        if (argument[1] == '-')
            parse_long(options, argument + 2, &next);
        else
            parse_letters(options, argument + 1, &next);
    }
    options->command = next;
    if (!*next)
        die(EXIT_USAGE, "the command to run is missing; "
                        "expected systemfd [OPTIONS] -- COMMAND [ARGS...]");
}
