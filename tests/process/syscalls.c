/* SPDX-License-Identifier: MIT
 * What the library costs in system calls and memory, as strace sees it from outside. */
#include "listenfd.h"

#include "folder.h"
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FROM_ENV = 5, TAKE = 3, GROWN_KIB = 1024 };

/* The calls between one mark and the next: from_env's, then what the program does, then
 * those of each take. */
struct trace {
    size_t intervals, calls[1100];
    char *text[1100]; /* where each begins */
    char *whole;
};

static char *receiver, *folder, *trace_path;

static int have_strace(void)
{
    return shell_status(NULL, "strace -o /dev/null true") == 0;
}

/* The receiver's output, for free(). */
static char *run_traced(const char *variables, const char *arguments)
{
    return shell("%s strace -f -o '%s' -e trace=all '%s' %s", variables, trace_path, receiver,
                 arguments);
}

static void read_trace(struct trace *trace)
{
    char *line, *rest;

    memset(trace, 0, sizeof *trace);
    trace->whole = rest = shell("cat '%s'", trace_path);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strstr(line, "getppid()")) {
            assert_true(trace->intervals < 1100);
            trace->text[trace->intervals++] = line;
        } else if (trace->intervals > 0) {
            trace->calls[trace->intervals - 1]++;
            line[-1] = '\n'; /* the lines of an interval stay together */
        }
    }
    assert_true(trace->intervals > 2);
}

static void assert_at_most(const struct trace *trace, size_t interval, size_t most)
{
    if (trace->calls[interval] > most)
        print_message("%zu calls, at most %zu expected:\n%s\n", trace->calls[interval], most,
                      trace->text[interval]);
    assert_in_range(trace->calls[interval], 0, most);
}

static void check_cost(size_t count, const char *options)
{
    char arguments[64], expected[64], *output;
    struct trace trace;

    snprintf(arguments, sizeof arguments, "%zu %s", count, options);
    snprintf(expected, sizeof expected, "status 1 taken %zu ", count);
    output = run_traced("", arguments);
    assert_non_null(strstr(output, expected));
    free(output);

    read_trace(&trace);
    assert_int_equal(trace.intervals, 3 + count);
    assert_at_most(&trace, 0, FROM_ENV);
    for (size_t i = 0; i < count; i++)
        assert_at_most(&trace, 2 + i, TAKE);
    free(trace.whole);
}

static void check_all_counts(const char *options)
{
    if (!have_strace())
        skip_because("strace is missing, or tracing is not permitted");
    check_cost(1, options);
    check_cost(16, options);
    check_cost(1000, options);
}

static void test_without_pid(void **state)
{
    (void)state;
    check_all_counts("");
}

static void test_with_names(void **state)
{
    (void)state;
    check_all_counts("names");
}

static void test_with_pid(void **state)
{
    (void)state;
    check_all_counts("own names");
}

/* Neither a loop nor a table for what is only said to be there. */
static void check_claim(const char *variables, int status, size_t most)
{
    char *output;
    struct trace trace;
    int actual, taken, grown;

    output = run_traced(variables, "1");
    assert_int_equal(sscanf(output, "status %d taken %d grown %d", &actual, &taken, &grown), 3);
    assert_int_equal(actual, status);
    assert_in_range(grown, 0, GROWN_KIB - 1);
    free(output);
    read_trace(&trace);
    assert_at_most(&trace, 0, most);
    free(trace.whole);
}

static void test_huge_counts(void **state)
{
    (void)state;
    if (!have_strace())
        skip_because("strace is missing, or tracing is not permitted");
    check_claim("LISTEN_FDS=2147483647", LISTENFD_EFDS, FROM_ENV);
    check_claim("LISTEN_FDS=2147483000", LISTENFD_ECLOSED, FROM_ENV);
    check_claim("LISTEN_FDS=1000000", LISTENFD_ECLOSED, FROM_ENV);
    check_claim("LISTEN_FDS=1 LISTEN_FDS_FIRST_FD=2147483647", LISTENFD_ECLOSED, FROM_ENV);
}

static void test_nothing_passed_costs_next_to_nothing(void **state)
{
    (void)state;
    if (!have_strace())
        skip_because("strace is missing, or tracing is not permitted");
    check_claim("LISTEN_FDS=0", LISTENFD_NONE, 1);
    check_claim("LISTEN_FDS=1 LISTEN_PID=1", LISTENFD_OTHER_PROCESS, 2); /* is it gone? */
}

static int prepare(void **state)
{
    const char *build = getenv("BUILD");

    (void)state;
    folder = folder_create();
    trace_path = path_in(folder, "trace");
    return asprintf(&receiver, "%s/tests/support/take_all", build ? build : "build") < 0;
}

static int clean_up(void **state)
{
    (void)state;
    folder_remove(folder);
    free(trace_path);
    free(receiver);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_pid),
        cmocka_unit_test(test_with_names),
        cmocka_unit_test(test_with_pid),
        cmocka_unit_test(test_huge_counts),
        cmocka_unit_test(test_nothing_passed_costs_next_to_nothing),
    };

    return cmocka_run_group_tests(tests, prepare, clean_up);
}
