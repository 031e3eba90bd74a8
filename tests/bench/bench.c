/* SPDX-License-Identifier: MIT
 * The benchmarks run, and write what they are to write. Nothing is said here of how long
 * anything takes: that is for `make bench` on a quiet machine. */
#include "folder.h"
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char begin[] = "<!-- measured: begin -->", end[] = "<!-- measured: end -->";

static char *folder, *results, *missing;

static void read_results(void)
{
    results = shell("cat '%s/results.md'", folder);
}

/* One short run serves all tests. */
static void run_all(void)
{
    const char *build = getenv("BUILD"), *compiler = getenv("CC");
    char compile[256];
    const char *const argv[] = {"python3",
                                "-B",
                                "bench/run.py",
                                "--rounds",
                                "1",
                                "--build",
                                build ? build : "build",
                                "--results",
                                folder,
                                "--compiler",
                                compile,
                                "--slow-start",
                                "300",
                                "--tree-folders",
                                "100",
                                NULL};
    struct process run;
    int status;

    snprintf(compile, sizeof compile, "%s -I.", compiler ? compiler : "cc");
    process_start(&run, &(struct launch){.argv = argv});
    while (process_line(&run)) {
    }
    status = process_wait(&run);
    if (status == 77)
        missing = strdup(strstr(run.text, "missing: "));
    else if (status != 0)
        show_text(run.text);
    else
        read_results();
    process_discard(&run);
    assert_true(status == 0 || status == 77);
}

static const char *measured(void)
{
    if (!have_program("python3"))
        skip_because("python3 is missing");
    if (!results && !missing)
        run_all();
    if (missing)
        skip_because("%s", missing);
    return results;
}

/* What stands behind that label in a table. */
static const char *figures(const char *label)
{
    char row[128];
    const char *found;

    snprintf(row, sizeof row, "\n| %s | ", label);
    found = strstr(measured(), row);
    if (!found) {
        print_message("no line is for '%s' in:\n", label);
        show_text(results);
    }
    assert_non_null(found);
    return found + strlen(row);
}

static void assert_rows(const char *const *labels)
{
    float figure;

    for (; *labels; labels++)
        assert_int_equal(sscanf(figures(*labels), "%f", &figure), 1);
}

static void test_start(void **state)
{
    static const char *const rows[] = {"no library: the floor", "listenfd, static",
                                       "listenfd, shared", "libsystemd", NULL};

    (void)state;
    assert_rows(rows);
}

static void test_sockets(void **state)
{
    static const char *const rows[] = {"1", "16", "256", "4,096", NULL};

    (void)state;
    assert_rows(rows);
}

static void test_restarts(void **state)
{
    static const char *const rows[] = {"systemfd --watch", "start_server",
                                       "systemfd --no-pid and entr -r", "stop, start, bind again",
                                       NULL};

    (void)state;
    assert_rows(rows);
}

/* nodemon is fetched only by `make bench`. */
static void test_reloads(void **state)
{
    static const char *const rows[] = {"systemfd --watch: C",
                                       "systemfd --watch: Python",
                                       "start_server, told by inotifywait: C",
                                       "start_server, told by inotifywait: Python",
                                       "entr -r: C",
                                       "entr -r: Python",
                                       NULL};

    (void)state;
    assert_rows(rows);
}

static void test_trees(void **state)
{
    static const char *const rows[] = {"systemfd --watch TREE", "entr -r, with a list", NULL};

    (void)state;
    assert_non_null(strstr(measured(), "1,000 files in 100 folders"));
    assert_rows(rows);
}

static void test_launchers(void **state)
{
    static const char *const rows[] = {"none: the floor",         "env",          "systemfd",
                                       "systemd-socket-activate", "start_server", NULL};

    (void)state;
    assert_rows(rows);
}

static void test_sizes(void **state)
{
    static const char *const rows[] = {"listenfd.o -Os", "listenfd.o -O2", "liblistenfd.so",
                                       "libsystemd.so", NULL};

    (void)state;
    assert_rows(rows);
}

/* This does not depend on the machine's mood. */
static void test_fewer_system_calls_than_libsystemd(void **state)
{
    static const char *const counts[] = {"1", "16"};
    unsigned ours, theirs;

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        assert_int_equal(sscanf(figures(counts[i]), "%*s | %*s | %u | %u |", &ours, &theirs), 2);
        assert_in_range(ours, 1, theirs - 1);
    }
}

static void test_plot(void **state)
{
    char *plot;

    (void)state;
    measured();
    plot = shell("cat '%s/results.svg'", folder);
    assert_non_null(strstr(plot, "systemd-socket-activate"));
    assert_non_null(strstr(plot, "</svg>"));
    free(plot);
}

/* ---- What is published ---- */

/* From mark to mark, for free(). */
static char *summary_in(const char *path)
{
    char *text = shell("cat '%s'", path), *summary;
    const char *first = strstr(text, begin), *last = strstr(text, end);

    assert_non_null(first);
    assert_non_null(last);
    summary = strndup(first, (size_t)(last - first));
    free(text);
    return summary;
}

/* Some of the rows, as they are. */
static void test_readme_shows_results(void **state)
{
    char *readme = summary_in("README.md"), *published = summary_in("bench/results.md");
    unsigned rows = 0;

    (void)state;
    for (char *line = strtok(readme, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strstr(published, line))
            fail_msg("bench/results.md has no line\n%s", line);
        rows += *line == '|';
    }
    assert_in_range(rows, 10, 20);
    free(readme);
    free(published);
}

static int prepare(void **state)
{
    (void)state;
    folder = folder_create();
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    folder_remove(folder);
    free(results);
    free(missing);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),    cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_restarts), cmocka_unit_test(test_reloads),
        cmocka_unit_test(test_trees),    cmocka_unit_test(test_launchers),
        cmocka_unit_test(test_sizes),    cmocka_unit_test(test_fewer_system_calls_than_libsystemd),
        cmocka_unit_test(test_plot),     cmocka_unit_test(test_readme_shows_results),
    };

    return cmocka_run_group_tests(tests, prepare, clean_up);
}
