/* SPDX-License-Identifier: MIT
 * systemfd in a work tree of git's while the system fails, once, at any place: whatever git cannot
 * be asked then counts. Each save is built, unless a report says why not, and nothing spins. `make
 * faults` tries every error of each call, `make check` a choice of those that git's rooms make. */
#include "devserver.h"
#include "injector/injector.h"
#include "injector/suite.h"

#include "folder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_CALLS = 60, MOST_PROCESSOR_MS = 2000 };

static int all_faults;
static size_t faults_tried;
static unsigned counts[MOST_ROWS]; /* how often each is called, by row of the table */

/* ---- One run ---- */

static void start(void)
{
    static const char *const argv[] = {
        "systemfd", "-s",         "0",       "--watch",
        ".",        "--settle=0", "--build", "cat src/a dist/x >../new; mv ../new ../built",
        "--",       "sleep",      "1000",    NULL};
    const char *const variables[] = {fault_variable(), "FAULT_LOG=../log",
                                     "ASAN_OPTIONS=detect_leaks=0", NULL};

    in_project("rm -f ../log ../built; mkdir -p src dist; echo /dist >.gitignore; echo 0 | tee "
               "src/a >dist/x");
    process_start(&systemfd,
                  &(struct launch){.argv = argv, .environ_ = variables, .folder = project});
}

static int is_built(const char *word)
{
    return shell_status(NULL, "grep -qx %s %s/../built 2>/dev/null", word, project) == 0;
}

/* What a person reads, who then tries again. */
static int is_trouble_told(void)
{
    read_output();
    return systemfd.text &&
           (strstr(systemfd.text, "warning: ") || strstr(systemfd.text, "the build failed"));
}

/* Saved once, it is built; 0 when systemfd has ended. */
static int save(const char *file, const char *word)
{
    long long deadline = now_ms() + DEADLINE_MS, next = now_ms();
    int saves = 0;

    while (!systemfd_has_ended() && !is_built(word)) {
        if (saves == 0 || (is_trouble_told() && now_ms() >= next)) {
            in_project("echo %s >%s", word, file);
            next = now_ms() + (1 << ++saves) * 100;
        }
        look_again(deadline, word);
    }
    return !systemfd_has_ended();
}

static int live(void)
{
    if (!save("src/a", "one"))
        return 0;
    in_project("echo '*.gen' >.gitignore"); /* from now on dist counts, too */
    if (!save("dist/x", "two") || !save("src/a", "three"))
        return 0;
    assert_in_range(processor_time_ms(systemfd.pid), 0, MOST_PROCESSOR_MS);
    return 1;
}

static void run(void)
{
    start();
    if (live())
        end_systemfd();
    check_end();
    process_discard(&systemfd);
}

/* ---- All runs ---- */

static void test_without_fault(void **state)
{
    (void)state;
    in_project("git init -q .");
    run();
    count_calls(counts);
}

static int is_of_git(const char *call)
{
    static const char *const of_git[] = {
        "access", "chdir", "close", "dup2",    "execvp", "fcntl", "fork",    "kill",  "open",
        "pipe",   "poll",  "read",  "readdir", "setenv", "stat",  "waitpid", "write", "realpath"};

    for (size_t i = 0; i < sizeof of_git / sizeof of_git[0]; i++)
        if (strcmp(of_git[i], call) == 0)
            return 1;
    return 0;
}

/* The choice: one of each, with an error that differs from call to call. */
static int is_chosen(const struct call *call, size_t row, size_t error, size_t errors)
{
    return all_faults || (is_of_git(call->name) && injected.number == (counts[row] + 2) / 3 &&
                          error == row % errors);
}

static void test_call(void **state)
{
    const struct call *call = *state;
    size_t row = (size_t)(call - calls), errors = 0;

    while (call->errors[errors])
        errors++;
    in_project("git init -q .");
    injected.call = call->name;
    for (injected.number = 1; injected.number <= counts[row]; injected.number++)
        for (size_t i = 0; i < errors; i++)
            if (is_chosen(call, row, i, errors) && (injected.number <= MOST_CALLS || !all_faults)) {
                injected.error = call->errors[i];
                run();
                faults_tried++;
            }
}

/* ---- Before and after ---- */

static int prepare(void **state)
{
    all_faults = all_faults_wanted();
    find_programs_and_orphans(state);
    return find_faulty_systemfd(state);
}

static int finish(void **state)
{
    (void)state;
    print_message("%zu faults\n", faults_tried);
    return 0;
}

int main(void)
{
    return run_rows("git", test_without_fault, test_call, print_fault, prepare, finish);
}
