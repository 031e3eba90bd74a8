/* SPDX-License-Identifier: MIT
 * `make soak`: a thousand reloads under load, after which systemfd, built as for users, has as many
 * descriptors and processes as after the first hundred, and no more memory; and no request has
 * failed. The server is tests/support/server.c. */
#include "devserver.h"
#include "folder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RELOADS = 1000,
    WARM = 100,     /* after which nothing grows any more */
    SLACK_KB = 64,  /* the allocator's */
    SLACK_FILES = 4 /* opened for the moment */
};

struct use {
    size_t descriptors, children, memory_kb;
};

static struct process load;

static size_t number_from(const char *format)
{
    char *text = shell(format, (long)systemfd.pid);
    size_t number = strtoul(text, NULL, 10);

    free(text);
    return number;
}

/* At rest: the old server has gone. */
static struct use look(size_t servers)
{
    struct use use;

    WAIT_UNTIL(children_of(systemfd.pid) == servers);
    WAIT_UNTIL(zombies_of(systemfd.pid) == 0);
    use.descriptors = number_from("ls /proc/%ld/fd | wc -l");
    use.children = number_from("ps -o pid= --ppid %ld | wc -l");
    use.memory_kb = number_from("sed -n 's/^RssAnon:[ \t]*//p' /proc/%ld/status");
    return use;
}

static void start_load(void)
{
    char port[16];
    const char *const argv[] = {"load", "2", port, "1", NULL};

    snprintf(port, sizeof port, "%d", ports[0]);
    process_start(&load, &(struct launch){.argv = argv});
    process_line_with(&load, "started");
}

static void stop_load(void)
{
    process_signal(&load, SIGTERM);
    assert_int_equal(process_wait(&load), 0);
    print_message("measured: %s", strchr(strstr(load.text, "answers: "), '\n') + 1);
    process_discard(&load);
}

static void reload(unsigned generation)
{
    char ready[64];

    process_signal(&systemfd, SIGHUP);
    snprintf(ready, sizeof ready, "~> server %u is ready after ", generation);
    expect(ready);
}

static void soak(const char *const *argv, size_t servers)
{
    struct use warm = {0}, end;

    start_systemfd(argv);
    expect("~> server 1 is ready after ");
    WAIT_UNTIL(answers(ports[0], "hello"));
    start_load();
    for (unsigned reloads = 1; reloads <= RELOADS; reloads++) {
        reload(reloads + 1);
        if (reloads == WARM)
            warm = look(servers);
    }
    end = look(servers);
    stop_load();
    print_message(
        "measured: %d reloads: %zu -> %zu descriptors, %zu -> %zu children, %zu -> %zu kB\n",
        RELOADS, warm.descriptors, end.descriptors, warm.children, end.children, warm.memory_kb,
        end.memory_kb);
    assert_in_range(end.descriptors, 0, warm.descriptors + SLACK_FILES);
    assert_int_equal(end.children, warm.children);
    assert_in_range(end.memory_kb, 0, warm.memory_kb + SLACK_KB);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

static char *launcher(void)
{
    char *folder = build_folder(), *path = path_in(folder, "systemfd");

    free(folder);
    return path;
}

static void test_plain(void **state)
{
    char *path = launcher();

    (void)state;
    soak((const char *const[]){path, "-s", "http::0", "--restart-on-hup", "--", "server", "ready",
                               NULL},
         1);
    free(path);
}

static void test_with_a_build(void **state)
{
    char *path = launcher();

    (void)state;
    soak((const char *const[]){path, "-s", "http::0", "--watch", ".", "--build", "true", "--",
                               "server", "ready", NULL},
         1);
    free(path);
}

/* Each server stores some descriptors anew, and removes those of the one before. */
static void test_descriptor_store(void **state)
{
    static const char server[] = "keeper remove=one together=20 twice=x remove=x other=y lent >&-; "
                                 "exec server ready";
    char *path = launcher();

    (void)state;
    soak((const char *const[]){path, "-s", "http::0", "--restart-on-hup", "--", "sh", "-c", server,
                               NULL},
         1);
    free(path);
}

static void test_workers(void **state)
{
    char *path = launcher();

    (void)state;
    soak((const char *const[]){path, "-s", "http::0", "--restart-on-hup", "--workers", "3", "--",
                               "server", "ready", NULL},
         3);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_plain),
        TEST(test_with_a_build),
        TEST(test_descriptor_store),
        TEST(test_workers),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
