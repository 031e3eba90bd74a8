/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "devserver/child.h"
#include "devserver/servers.h"
#include "listenfd.h"
#include "sockets/spec.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "Usage: systemfd [OPTIONS] [--] COMMAND [ARGS...]\n"
    "\n"
    "Opens sockets and passes them to COMMAND as systemd does (LISTEN_FDS). It becomes\n"
    "COMMAND; or, with --watch, stays and restarts it, and no connection is refused.\n"
    "\n"
    "  -s, --socket [NAME=][TYPE::]SPEC  open a socket; repeat for more\n"
    "                      TYPE  %s\n"
    "                      SPEC  PORT, HOST:PORT, [V6]:PORT, PATH or @ABSTRACT;\n"
    "                            port 0 lets the system choose, host * is every address;\n"
    "                            then ,mode=OCTAL of a PATH; ,v6only ,reuseport ,backlog=N\n"
    "                      NAME  what LISTEN_FDNAMES calls it\n"
    "  -b, --backlog N     connections that may wait for the server (default: the system's\n"
    "                      largest)\n"
    "      --no-reuse      do not set SO_REUSEADDR\n"
    "      --reuse-port    set SO_REUSEPORT: several may bind one port\n"
    "      --no-pid        do not set LISTEN_PID: COMMAND is a watcher or shell, which starts\n"
    "                      the server as a process of its own\n"
    "      --stdin         the first socket is standard input (0), the others 3, 4, ...\n"
    "      --accept[=MAX]  start COMMAND for each connection, which it gets as socket 3;\n"
    "                      no more than MAX (64) at once\n"
    "      --inetd         the socket, or with --accept the connection, is standard input and\n"
    "                      output\n"
    "      --lazy          start COMMAND when the first client comes, and again when one comes\n"
    "                      after it has ended with status 0\n"
    "      --placeholders  replace {fd}, {port} and {address}, or {fd:NAME} ..., in ARGS\n"
    "      --export DIALECT  also set the variables of start_server or einhorn\n"
    "  -q, --quiet         do not print what was opened and what happens\n"
    "      --color WHEN    auto, always or never\n"
    "  -h, --help          print this\n"
    "  -V, --version       print the version\n";

/* A second string, as a compiler need not take more than 4095 characters in one (C11 5.2.4.1). */
static const char help_of_development[] =
    "\n"
    "Development server:\n"
    "  -w, --watch PATH    restart when this file, or anything below this folder, changes;\n"
    "                      repeat for more\n"
    "      --ignore GLOB   do not count changes of these, or with !GLOB do; the last GLOB that\n"
    "                      matches decides; repeat for more\n"
    "      --only GLOB     count changes of these only; repeat for more\n"
    "      --no-default-ignore, --no-gitignore  count what is ignored by default (what version\n"
    "                      control, tools and editors leave), and what git ignores\n"
    "      --poll[=MS]     look for changes every MS milliseconds (500), where the system does\n"
    "                      not report them; on network and shared folders this is done anyway,\n"
    "                      unless --poll=0 is given\n"
    "      --build COMMAND run this in the shell first; when it fails, the old server stays\n"
    "      --restart-build end a running build when something changes; otherwise it runs to\n"
    "                      its end, and another one follows\n"
    "      --move-aside FILE  on Windows, rename this program before a build while it runs, so\n"
    "                      that the build can write it; repeat for more\n"
    "      --after COMMAND run this in the shell when a new server is ready\n"
    "      --delay MS      how long changes must have paused (2 after one, 50 after several)\n"
    "      --settle MS     how long a new server must live at least (100 if it is neither seen\n"
    "                      to accept nor says READY=1 (sd_notify), otherwise 0)\n"
    "      --workers N     run so many servers on the same sockets; replace them one by one\n"
    "      --stop-signal S what the old server is sent (TERM; on Windows BREAK)\n"
    "      --stop-timeout SECONDS  until it is killed (10)\n"
    "      --live-reload[=PORT]  serve a script on 127.0.0.1 (port 35729) that reloads a page\n"
    "                      when a new server is ready\n"
    "      --clear         begin each build with an empty screen\n"
    "      --no-keys       do not read the terminal, where r restarts and q ends\n"
    "      --stop-first    stop the old server before the new one starts\n"
    "      --restart-on-hup  no watching: only SIGHUP restarts, as it does with --watch\n"
    "      --exit-on-failure end with the status of what fails: server, first build\n"
    "      --exit-with-server  stay, pass signals on, reap, and end as the server does: for\n"
    "                      containers; SIGHUP restarts\n"
    "      --no-error-page let http clients wait while there is no server\n"
    "      --error-page-for HOST  show what was printed to everybody who asks for this name\n"
    "                      or address; repeat for more\n"
    "\n"
    "Examples:\n"
    "  systemfd -s http::5000 -- ./server\n"
    "  systemfd -s http::5000 --watch . --build make -- ./server\n"
    "  systemfd -s web=http::5000 -s admin=./admin.sock,mode=600 -- ./server\n"
    "\n"
    "Exit status: COMMAND's own, or 1 a socket could not be opened, 2 usage,\n"
    "126 COMMAND cannot be executed, 127 COMMAND was not found.\n"
    "\n"
    "On Windows there are no unix types, no --lazy, --accept, --inetd, --stdin,\n"
    "--placeholders and --export, --no-reuse and --no-pid change nothing, and systemfd stays\n"
    "while COMMAND runs: it answers COMMAND's request for the sockets. READY=1 comes\n"
    "from listenfd_notify. --build goes to cmd.exe; --stop-signal is BREAK (Ctrl-Break) or\n"
    "KILL; setting the event systemfd-PID, with systemfd's process ID, restarts in the place\n"
    "of SIGHUP.\n";

/* An option either takes a value, or sets a flag: the int at that offset. An optional value stands
 * after '=', and is NULL if it is left out. */
struct option {
    char letter; /* '\0': none */
    unsigned char use;
    const char *name;
    void (*value)(struct options *, const char *);
    size_t flag;
    size_t value_is_optional; /* as wide as the flag, so that no system adds padding */
};

static void append(struct arguments *arguments, const char *value)
{
    const char **list = allocated(realloc(arguments->list, (arguments->count + 1) * sizeof *list));

    arguments->list = list;
    arguments->list[arguments->count++] = value;
}

static int parse_number_to(const char *option, const char *value, int least, int most)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || number < least ||
        number > most)
        die(EXIT_USAGE, "%s '%s' is not a number from %d to %d", option, value, least, most);
    return (int)number;
}

static int parse_number(const char *option, const char *value, int least)
{
    return parse_number_to(option, value, least, INT_MAX);
}

static void add_socket(struct options *options, const char *value)
{
    append(&options->sockets, value);
}

static void add_watch(struct options *options, const char *value)
{
    append(&options->watch, value);
}

static void add_ignore(struct options *options, const char *value)
{
    append(&options->ignore, value);
}

static void add_only(struct options *options, const char *value)
{
    append(&options->only, value);
}

/* Is it a host as it stands in a browser's address bar? */
static int is_host(const char *text)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-_.";
    size_t length = strlen(text);

    if (*text == '[')
        return length > 2 && strspn(text + 1, "0123456789abcdefABCDEF:.") == length - 2 &&
               text[length - 1] == ']';
    return length > 0 && strspn(text, characters) == length;
}

static void add_error_page_for(struct options *options, const char *value)
{
    if (!is_host(value))
        die(EXIT_USAGE,
            "--error-page-for '%s' is not a host; expected a name like shop.test, or an address "
            "like 192.168.1.2 or [fd00::2], without a port",
            value);
    append(&options->error_page_for, value);
}

static void add_move_aside(struct options *options, const char *value)
{
    append(&options->move_aside, value);
}

static void set_backlog(struct options *options, const char *value)
{
    options->backlog = parse_number("--backlog", value, 1);
}

static void set_delay(struct options *options, const char *value)
{
    options->delay_ms = parse_number("--delay", value, 0);
}

static void set_settle(struct options *options, const char *value)
{
    options->settle_ms = parse_number("--settle", value, 0);
}

static void set_stop_timeout(struct options *options, const char *value)
{
    options->stop_timeout_s = parse_number("--stop-timeout", value, 0);
}

static void set_workers(struct options *options, const char *value)
{
    options->workers = parse_number_to("--workers", value, 1, MAX_WORKERS);
}

static void set_stop_signal(struct options *options, const char *value)
{
    child_check_stop_signal(value);
    options->stop_signal = value;
}

static void set_poll(struct options *options, const char *value)
{
    options->poll_ms = value ? parse_number("--poll", value, POLL_NEVER) : USUAL_POLL_MS;
}

static void set_build(struct options *options, const char *value)
{
    options->build = value;
}

static void set_after(struct options *options, const char *value)
{
    options->after = value;
}

/* The default is LiveReload's port, where browser extensions and other tools look for it. */
static void set_live_reload(struct options *options, const char *value)
{
    options->live_reload = 1;
    options->live_reload_port = value ? parse_number_to("--live-reload", value, 0, 65535) : 35729;
}

static void add_export(struct options *options, const char *value)
{
    if (strcmp(value, "start_server") == 0)
        options->export_start_server = 1;
    else if (strcmp(value, "einhorn") == 0)
        options->export_einhorn = 1;
    else
        die(EXIT_USAGE, "--export '%s' is none of start_server, einhorn", value);
}

static void set_accept(struct options *options, const char *value)
{
    options->accept_max =
        value ? parse_number_to("--accept", value, 1, MAX_CONNECTIONS) : USUAL_CONNECTIONS;
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

#define FLAG(field) NULL, offsetof(struct options, field), 0
#define VALUE(function) function, 0, 0
#define OPTIONAL_VALUE(function) function, 0, 1

static const struct option table[] = {
    {'s', ALWAYS, "socket", VALUE(add_socket)},
    {'b', ALWAYS, "backlog", VALUE(set_backlog)},
    {'\0', ALWAYS, "no-reuse", FLAG(no_reuse)},
    {'\0', ALWAYS, "reuse-port", FLAG(reuse_port)},
    {'\0', ALWAYS, "no-pid", FLAG(no_pid)},
    {'\0', NOT_WINDOWS, "stdin", FLAG(at_stdin)},
    {'\0', NOT_WINDOWS, "accept", OPTIONAL_VALUE(set_accept)},
    {'\0', NOT_WINDOWS, "inetd", FLAG(inetd)},
    {'\0', NOT_WINDOWS, "lazy", FLAG(lazy)},
    {'\0', NOT_WINDOWS, "placeholders", FLAG(placeholders)},
    {'\0', NOT_WINDOWS, "export", VALUE(add_export)},
    {'q', ALWAYS, "quiet", FLAG(quiet)},
    {'\0', ALWAYS, "color", VALUE(set_color)},
    {'h', ALWAYS, "help", FLAG(help)},
    {'V', ALWAYS, "version", FLAG(version)},
    {'w', ALWAYS, "watch", VALUE(add_watch)},
    {'\0', TO_WATCH, "ignore", VALUE(add_ignore)},
    {'\0', TO_WATCH, "poll", OPTIONAL_VALUE(set_poll)},
    {'\0', TO_WATCH, "only", VALUE(add_only)},
    {'\0', TO_WATCH, "no-default-ignore", FLAG(no_default_ignore)},
    {'\0', TO_WATCH, "no-gitignore", FLAG(no_gitignore)},
    {'\0', ALWAYS, "build", VALUE(set_build)},
    {'\0', TO_BUILD, "restart-build", FLAG(restart_build)},
    {'\0', TO_BUILD, "move-aside", VALUE(add_move_aside)},
    {'\0', TO_STAY, "after", VALUE(set_after)},
    {'\0', TO_WATCH, "delay", VALUE(set_delay)},
    {'\0', TO_STAY, "settle", VALUE(set_settle)},
    {'\0', TO_STAY, "workers", VALUE(set_workers)},
    {'\0', TO_STAY, "stop-signal", VALUE(set_stop_signal)},
    {'\0', TO_STAY, "stop-timeout", VALUE(set_stop_timeout)},
    {'\0', TO_STAY, "live-reload", OPTIONAL_VALUE(set_live_reload)},
    {'\0', TO_STAY, "clear", FLAG(clear)},
    {'\0', TO_STAY, "no-keys", FLAG(no_keys)},
    {'\0', TO_STAY, "stop-first", FLAG(stop_first)},
    {'\0', ALWAYS, "restart-on-hup", FLAG(restart_on_hup)},
    {'\0', TO_STAY, "exit-on-failure", FLAG(exit_on_failure)},
    {'\0', ALWAYS, "exit-with-server", FLAG(exit_with_server)},
    {'\0', TO_STAY, "no-error-page", FLAG(no_error_page)},
    {'\0', TO_STAY, "error-page-for", VALUE(add_error_page_for)},
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

/* "--watch -s http::0" lacks a value, but "--backlog -1" has a wrong one. */
static int is_option(const char *argument)
{
    return *argument == '-' && argument[1] != '\0' && (argument[1] < '0' || argument[1] > '9');
}

/* The value is the rest of the same argument, or else the next argument. */
static const char *take_value(const struct option *option, const char *attached, char ***next)
{
    if (attached)
        return attached;
    if (!**next || strcmp(**next, "--") == 0)
        die(EXIT_USAGE, "--%s wants a value; see systemfd --help", option->name);
    if (is_option(**next))
        die(EXIT_USAGE,
            "--%s wants a value, and '%s' is an option; if it is the value, write --%s=%s",
            option->name, **next, option->name, **next);
    return *(*next)++;
}

static void raise_flag(struct options *options, const struct option *option)
{
    *(int *)(void *)((char *)options + option->flag) = 1;
}

/* A number as the next argument is a misplaced value: no command has a number for a name. */
static const char *take_optional_value(const struct option *option, const char *attached,
                                       char *const *next)
{
    if (!attached && *next && **next && strspn(*next, "0123456789") == strlen(*next))
        die(EXIT_USAGE, "the value of --%s stands after '=': --%s=%s", option->name, option->name,
            *next);
    return attached;
}

/* The text after the dashes is "name" or "name=value". */
static void parse_long(struct options *options, const char *text, char ***next)
{
    size_t length = strcspn(text, "=");
    const struct option *option = find_name(text, length);
    const char *attached = text[length] == '=' ? text + length + 1 : NULL;

    options->given[option->use] = option->name;
    if (option->value_is_optional)
        option->value(options, take_optional_value(option, attached, *next));
    else if (option->value)
        option->value(options, take_value(option, attached, next));
    else if (attached)
        die(EXIT_USAGE, "--%s takes no value", option->name);
    else
        raise_flag(options, option);
}

/* The text after the dash is like "q", "qs5000", "s=5000" or "s". */
static void parse_letters(struct options *options, const char *text, char ***next)
{
    for (; *text != '\0'; text++) {
        const struct option *option = find_letter(*text);
        const char *attached = text[1] == '=' ? text + 2 : text[1] ? text + 1 : NULL;
        if (option->value) {
            option->value(options, take_value(option, attached, next));
            return;
        }
        raise_flag(options, option);
    }
}

__attribute__((noreturn)) static void print_and_exit(const char *format, const char *argument)
{
    printf(format, argument);
    fflush(stdout);
    if (ferror(stdout)) /* musl's fflush does not report what printf could not write */
        die(EXIT_CANNOT_OPEN, "cannot write to standard output: %s", strerror(errno));
    exit(0);
}

__attribute__((noreturn)) static void print_help_and_exit(void)
{
    printf(help_text, spec_types);
    print_and_exit("%s", help_of_development);
}

int options_supervise(const struct options *options)
{
    return options->watch.count > 0 || options->restart_on_hup || options->exit_with_server ||
           options->build || options->lazy || options->accept_max;
}

/* Refuses what only makes sense for a server that accepts connections itself. */
static void check_accept(const struct options *options)
{
    const char *other = options->placeholders                                     ? "placeholders"
                        : options->export_start_server || options->export_einhorn ? "export"
                        : options->stop_first                                     ? "stop-first"
                        : options->exit_with_server ? "exit-with-server"
                        : options->workers          ? "workers"
                        : options->settle_ms >= 0   ? "settle"
                                                    : NULL;

    if (options->accept_max && other)
        die(EXIT_USAGE, "--%s does nothing with --accept: each process gets one connection", other);
}

static void check_workers(const struct options *options)
{
    if (options->workers > 1 && options->lazy)
        die(EXIT_USAGE, "--workers and --lazy exclude each other: a worker that ends with status 0 "
                        "is started again, a server of --lazy only by the next client");
}

static void check_use(const struct options *options, enum use use, int is_possible,
                      const char *without)
{
    if (options->given[use] && !is_possible)
        die(EXIT_USAGE, "--%s does nothing without %s", options->given[use], without);
}

static void check_uses(const struct options *options)
{
    check_use(options, TO_STAY, options_supervise(options),
              "--watch, --build, --restart-on-hup, --exit-with-server, --lazy or --accept");
    check_use(options, TO_WATCH, options->watch.count > 0, "--watch");
    check_use(options, TO_BUILD, options->build != NULL, "--build");
    if (options->no_error_page && options->error_page_for.count > 0)
        die(EXIT_USAGE, "--error-page-for does nothing with --no-error-page; leave out one");
}

static void check(const struct options *options)
{
    if (options->help)
        print_help_and_exit();
    if (options->version)
        print_and_exit("systemfd %s\n", LISTENFD_VERSION);
    if (!*options->command)
        die(EXIT_USAGE, "the command to run is missing; expected systemfd [OPTIONS] -- COMMAND "
                        "[ARGS...]; see systemfd --help");
    check_uses(options);
    check_accept(options);
    check_workers(options);
}

void options_parse(int argc, char **argv, struct options *options)
{
    char **next = argv + (argc > 0);

    memset(options, 0, sizeof *options);
    options->backlog = SOMAXCONN;
    options->delay_ms = -1;
    options->poll_ms = POLL_WHERE_NEEDED;
    options->settle_ms = -1;
    options->stop_timeout_s = 10;
    while (!options->help && !options->version && *next && **next == '-' && (*next)[1] != '\0') {
        const char *argument = *next++;
        if (strcmp(argument, "--") == 0)
            break;
        if (argument[1] == '-')
            parse_long(options, argument + 2, &next);
        else
            parse_letters(options, argument + 1, &next);
    }
    options->command = next;
    options->exit_on_failure |= options->exit_with_server;
    check(options);
}
