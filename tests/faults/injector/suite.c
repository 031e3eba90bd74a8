/* SPDX-License-Identifier: MIT */
#include "suite.h"

#include "devserver.h"
#include "injector.h"

#include "folder.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int find_faulty_systemfd(void **state)
{
    struct rlimit few = {256, 256}; /* process_start closes all that there may be */
    char *folder = build_folder(), *path;

    find_programs_and_orphans(state);
    assert_true(asprintf(&path, "%s/tests/faults/bin:%s", folder, getenv("PATH")) > 0);
    setenv("PATH", path, 1);
    free(path);
    free(folder);
    return setrlimit(RLIMIT_NOFILE, &few);
}

int all_faults_wanted(void)
{
    const char *faults = getenv("FAULTS");

    return faults && strcmp(faults, "all") == 0;
}

int run_rows(const char *name, CMUnitTestFunction first, CMUnitTestFunction each,
             CMFixtureFunction tear_down, CMFixtureFunction prepare, CMFixtureFunction finish)
{
    struct CMUnitTest tests[1 + MOST_ROWS] = {
        cmocka_unit_test_setup_teardown(first, create_project, tear_down)};
    size_t count = 1;

    for (const struct call *call = calls; call->name; call++)
        tests[count++] = (struct CMUnitTest){.name = call->name,
                                             .test_func = each,
                                             .setup_func = create_project,
                                             .teardown_func = tear_down,
                                             .initial_state = (void *)(uintptr_t)call};
    return _cmocka_run_group_tests(name, tests, count, prepare, finish);
}

/* ---- The development server, with one fault ---- */

struct injected injected = {"*", 0, 0};

const char *fault_variable(void)
{
    static char text[96];

    snprintf(text, sizeof text, injected.number ? "FAULT=%s:%u:%d" : "FAULT=%s", injected.call,
             injected.number, injected.error);
    return text;
}

void count_calls(unsigned *counts)
{
    char *path = path_in(project, "../log"), line[64];
    FILE *log = fopen(path, "r");

    assert_non_null(log);
    while (fgets(line, sizeof line, log)) {
        line[strcspn(line, "\n")] = '\0';
        for (size_t row = 0; calls[row].name; row++)
            counts[row] += strcmp(calls[row].name, line) == 0;
    }
    fclose(log);
    free(path);
}

void read_output(void)
{
    struct pollfd more = {.fd = systemfd.output, .events = POLLIN};

    while (poll(&more, 1, 0) > 0 && process_line(&systemfd)) {
    }
}

void end_systemfd(void)
{
    long long deadline = now_ms() + DEADLINE_MS;

    while (!systemfd_has_ended()) {
        process_signal(&systemfd, SIGTERM);
        for (int i = 0; i < 40 && !systemfd_has_ended(); i++)
            look_again(deadline, "systemfd ends");
    }
}

static int fails_any_of(const char *const *names)
{
    for (; *names; names++)
        if (strcmp(injected.call, *names) == 0)
            return 1;
    return 0;
}

void check_end(void)
{
    static const char *const voices[] = {"fprintf", "vfprintf", "fputs", "fputc", NULL};
    static const char *const removers[] = {"lstat", "unlink", NULL};
    int status = process_wait(&systemfd);
    const char *text = systemfd.text ? systemfd.text : "";
    const char *sentence = strstr(text, "systemfd: ");

    WAIT_UNTIL(children_of(getpid()) == 0); /* its orphans are ours now */
    assert_null(strstr(text, "Sanitizer"));
    assert_true(status == 128 + SIGTERM || (injected.number && status == 1));
    if (status == 1 && !fails_any_of(voices))
        assert_true(sentence && strlen(sentence) > 20);
    if (!fails_any_of(removers))
        in_project("test ! -e sock");
}

int print_fault(void **state)
{
    if (systemfd.pid || systemfd.text) {
        read_output();
        print_message("call %u of %s fails: %s\n", injected.number, injected.call,
                      strerror(injected.error));
        show_text(systemfd.text);
    }
    return remove_project(state);
}
