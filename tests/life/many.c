/* SPDX-License-Identifier: MIT
 * 4096 sockets at once, from systemfd through exec to a receiver. (tests/unit/limits.c takes
 * as many in one process.) */
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* systemfd holds each socket twice while it moves them to their numbers. */
enum { MANY = 4096, LIMIT = 2 * MANY + 64 };

static char specs[MANY][48];
static const char *argv[2 * MANY + 8];

/* systemfd -q -s n0=@... -s n1=@... ... -- probe WAY n4095 */
static void write_command(const char *systemfd, const char *probe)
{
    size_t count = 0;

    argv[count++] = systemfd;
    argv[count++] = "-q";
    for (int i = 0; i < MANY; i++) {
        snprintf(specs[i], sizeof specs[i], "n%d=@listenfd-%d-%d", i, (int)getpid(), i);
        argv[count++] = "-s";
        argv[count++] = specs[i];
    }
    argv[count++] = "--";
    argv[count++] = probe;
    argv[count++] = "unix_listener";
    argv[count++] = "name";
    argv[count++] = "n4095";
}

static void expect(struct process *process, const char *expected)
{
    const char *line = process_line(process);

    if (!line)
        fail_msg("'%s' was expected before the end of:\n%s", expected, process->text);
    assert_string_equal(line, expected);
}

/* Of descriptors, for what is started; 0 when the system refuses that. */
static int raise_limit(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = LIMIT;
    if (limit.rlim_max < limit.rlim_cur)
        limit.rlim_max = limit.rlim_cur; /* root may */
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* They keep their order, numbers and names; and the last is found by its own. */
static void test_4096_sockets(void **state)
{
    char systemfd[512], probe[512], line[160];
    const char *build = getenv("BUILD") ? getenv("BUILD") : "build";
    struct process process;
    int peer;

    (void)state;
    if (!raise_limit())
        skip_because("no process may have %d descriptors here", LIMIT);
    snprintf(systemfd, sizeof systemfd, "%s/tests/systemfd", build);
    snprintf(probe, sizeof probe, "%s/tests/support/probe", build);
    write_command(systemfd, probe);
    process_start(&process, &(struct launch){.argv = argv});
    expect(&process, "status 1");
    expect(&process, "message ");
    expect(&process, "variables none");
    for (int i = 0; i < MANY; i++) {
        snprintf(line, sizeof line, "socket %d fd %d name 'n%d' cloexec unix listener %s", i, 3 + i,
                 i, strchr(specs[i], '@'));
        expect(&process, line);
    }
    expect(&process, "others none");
    expect(&process, "ready");
    expect(&process, "take unix_listener 1");
    peer = connect_path(SOCK_STREAM, strchr(specs[MANY - 1], '@'));
    free(exchange(peer, ""));
    assert_int_equal(process_wait(&process), 0);
    process_discard(&process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_4096_sockets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
