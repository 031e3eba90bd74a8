/* SPDX-License-Identifier: MIT */
#include "compat.h"

#include "folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *report_libsystemd, *report_compat, *tested_systemfd, *report_folder;

int find_reports(void **state)
{
    char *build = build_folder();

    (void)state;
    report_libsystemd = path_in(build, "tests/compat/report_libsystemd");
    report_compat = path_in(build, "tests/compat/report_listenfd");
    tested_systemfd = path_in(build, "tests/systemfd");
    free(build);
    report_folder = folder_create();
    assert_int_equal(chdir(report_folder), 0); /* for the paths of sockets */
    return 0;
}

int forget_reports(void **state)
{
    (void)state;
    folder_remove(report_folder);
    free(report_libsystemd);
    free(report_compat);
    free(tested_systemfd);
    return 0;
}

char *ask_report(const char *program, const char **argv, const struct launch *layout)
{
    struct launch launch = *layout;
    struct process process;
    int status;
    char *text;

    argv[0] = program;
    launch.argv = argv;
    process_start(&process, &launch);
    status = process_wait(&process);
    text = strdup(process.text ? process.text : "");
    process_discard(&process);
    if (status != 0)
        show_text(text);
    assert_int_equal(status, 0);
    assert_true(*text);
    return text;
}

void assert_same(const char *expected, const char *got, const char *row)
{
    size_t line = 0, i;

    if (strcmp(expected, got) == 0)
        return;
    for (i = 0; expected[i] == got[i]; i++)
        if (expected[i] == '\n')
            line = i + 1;
    print_message("%s\n  libsystemd: %.*s\n  here:       %.*s\n", row,
                  (int)strcspn(expected + line, "\n"), expected + line,
                  (int)strcspn(got + line, "\n"), got + line);
    fail();
}

char *ask_both(const char **argv, const struct launch *layout, const char *row)
{
    char *expected = ask_report(report_libsystemd, argv, layout),
         *got = ask_report(report_compat, argv, layout);

    assert_same(expected, got, row);
    free(got);
    return expected;
}

void assert_has(const char *text, const char *part, const char *row)
{
    if (!strstr(text, part)) {
        print_message("%s: expected '%s' in\n", row, part);
        show_text(text);
        fail();
    }
}
