/* SPDX-License-Identifier: MIT
 * The command line: any arguments, to systemfd/options.c; and each -s to systemfd/sockets/spec.c.
 * An input:
 *
 *     argv=--socket          one argument a line
 *     argv=http::5000 */
#include "input.h"

#include "systemfd/devserver/child.h"
#include "systemfd/options.h"
#include "systemfd/sockets/spec.h"

#include <assert.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_ARGUMENTS = 64 };

static jmp_buf end;
static int status, parsing;
static char *arguments[MOST_ARGUMENTS + 1];

/* ---- In the place of the system, and of report.c ---- */

void __wrap_exit(int code) __attribute__((noreturn));
void __real_exit(int code) __attribute__((noreturn));
int __wrap_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* libFuzzer ends by it, too. */
void __wrap_exit(int code)
{
    if (!parsing)
        __real_exit(code);
    status = code;
    longjmp(end, 1);
}

int __wrap_printf(const char *format, ...)
{
    return (int)strlen(format);
}

void die(int code, const char *format, ...)
{
    char text[8192];
    va_list values;

    va_start(values, format);
    assert(vsnprintf(text, sizeof text, format, values) > 10);
    va_end(values);
    assert(code == EXIT_USAGE);
    status = code;
    longjmp(end, 1);
}

void *allocated(void *memory)
{
    assert(memory);
    return memory;
}

/* As posix/child.c does it, by less: none of its own is a name with other letters. */
void child_check_stop_signal(const char *name)
{
    if (strcasecmp(name, "TERM") != 0 && strcmp(name, "9") != 0)
        die(EXIT_USAGE, "--stop-signal '%s' is not a signal", name);
}

/* ---- */

/* Every value is what was given, or the end of it. */
static void check_list(const struct arguments *list)
{
    for (size_t i = 0; i < list->count; i++) {
        int found = 0;
        for (char **argument = arguments; *argument && !found; argument++)
            found = list->list[i] >= *argument && list->list[i] <= *argument + strlen(*argument);
        assert(found);
    }
}

static void check_hosts(const struct options *options)
{
    for (size_t i = 0; i < options->error_page_for.count; i++) {
        const char *host = options->error_page_for.list[i];
        assert(*host && !strpbrk(host, " /?#@\r\n") && (*host == '[' || !strchr(host, ':')));
    }
}

static void check_specs(const struct options *options)
{
    char error[512];
    struct spec spec;

    for (size_t i = 0; i < options->sockets.count; i++) {
        *error = '\0';
        assert(spec_parse(options->sockets.list[i], &spec, error, sizeof error) || *error);
    }
}

static void check(const struct options *options)
{
    char **command = options->command;

    assert(*command && options->backlog > 0 && options->delay_ms >= -1);
    assert(options->settle_ms >= -1 && options->stop_timeout_s >= 0);
    assert(!options->given[TO_STAY] || options_supervise(options));
    assert(!options->given[TO_WATCH] || options->watch.count > 0);
    assert(!options->given[TO_BUILD] || options->build);
    while (*command)
        command++;
    assert(command >= arguments && command <= arguments + MOST_ARGUMENTS);
    check_list(&options->sockets);
    check_list(&options->watch);
    check_list(&options->ignore);
    check_list(&options->only);
    check_list(&options->error_page_for);
    check_list(&options->move_aside);
    check_hosts(options);
    check_specs(options);
}

static int split(char *text)
{
    static char program[] = "systemfd";
    int count = 0;

    arguments[count++] = program;
    for (char *line = strtok(text, "\n"); line && count < MOST_ARGUMENTS; line = strtok(NULL, "\n"))
        if (strncmp(line, "argv=", 5) == 0)
            arguments[count++] = line + 5;
    arguments[count] = NULL;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct options options; /* static: longjmp leaves it as it is */
    char *text = strndup((const char *)data, size);

    assert(text);
    status = 0;
    parsing = 1;
    if (setjmp(end) == 0) {
        options_parse(split(text), arguments, &options);
        check(&options);
    } else {
        assert(status == EXIT_USAGE || (status == 0 && (options.help || options.version)));
    }
    parsing = 0;
    free(options.sockets.list);
    free(options.watch.list);
    free(options.ignore.list);
    free(options.only.list);
    free(options.error_page_for.list);
    free(options.move_aside.list);
    memset(&options, 0, sizeof options);
    free(text);
    return 0;
}
