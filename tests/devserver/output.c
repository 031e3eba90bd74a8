/* SPDX-License-Identifier: MIT
 * The reader of systemfd's output may stop reading, or may have made it non-blocking. Restarts,
 * signals and the end do not wait for it, and a loss is reported. The command needs no sockets. */
#include "devserver.h"
#include "folder.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int output; /* the read end of systemfd's standard output and error */

/* Starts systemfd with that write end, instead of the pipe that process.c reads. */
static void start_with_output(int writing_end, const char *arguments)
{
    static const char *const variables[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
    char command[512];
    const char *const argv[] = {"sh", "-c", command, NULL};
    int length = snprintf(command, sizeof command,
                          "exec systemfd --watch . --settle 0 %s >&3 2>&3 3>&-", arguments);

    assert_in_range(length, 1, sizeof command - 1);
    process_start(&systemfd, &(struct launch){.argv = argv,
                                              .environ_ = variables,
                                              .folder = project,
                                              .descriptors = &writing_end,
                                              .count = 1});
    close(writing_end);
}

static void start_with_pipe(const char *arguments, int flags)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC | flags), 0);
    output = ends[0];
    start_with_output(ends[1], arguments);
}

/* Reads up to `size` bytes, with a pause after each piece. Returns how many came before the end, or
 * before nothing came for long. */
static size_t read_output(char *text, size_t size, int pause_ms)
{
    struct pollfd more = {.fd = output, .events = POLLIN};
    size_t length = 0;
    ssize_t got = 1;

    while (length < size && got > 0 && poll(&more, 1, DEADLINE_MS) > 0) {
        got = read(output, text + length, size - length < 65536 ? size - length : 65536);
        length += got > 0 ? (size_t)got : 0;
        poll(NULL, 0, pause_ms);
    }
    return length;
}

static int close_output(void **state)
{
    int result = remove_project(state);

    close(output);
    return result;
}

#define OUTPUT_TEST(function) \
    cmocka_unit_test_setup_teardown(function, create_project, close_output)

/* systemfd restarts the command, and ends soon after TERM. */
static void assert_goes_on(void)
{
    long long asked;

    WAIT_UNTIL(lines_of("../starts") == 1);
    poll(NULL, 0, 300); /* until everything is full */
    put("file", "1\n");
    WAIT_UNTIL(lines_of("../starts") == 2);
    asked = now_ms();
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    assert_true(now_ms() - asked < DEADLINE_MS / 2);
}

#define CHATTER "-- sh -c 'echo >>../starts; exec yes'"

static void test_nobody_reads_a_pipe(void **state)
{
    (void)state;
    start_with_pipe(CHATTER, 0);
    assert_goes_on();
}

static void test_nobody_reads_a_terminal(void **state)
{
    int slave;

    (void)state;
    assert_int_equal(openpty(&output, &slave, NULL, NULL, NULL), 0);
    start_with_output(slave, CHATTER);
    assert_goes_on();
}

/* systemfd does not make its output non-blocking: other jobs of a make may share it, and do not
 * expect EAGAIN. */
static void test_mode_stays(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    output = ends[0];
    start_with_output(dup(ends[1]), CHATTER);
    WAIT_UNTIL(lines_of("../starts") == 1);
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    close(ends[1]);
}

/* If the output was non-blocking before, nothing is lost either. */
static void test_nonblocking_pipe(void **state)
{
    enum { LINES = 20000, BYTES = 108894 };
    char *text = calloc(1, BYTES + 1);

    (void)state;
    start_with_pipe("-q -- sh -c 'seq 20000; echo >>../starts; exec sleep 1000'", O_NONBLOCK);
    WAIT_UNTIL(lines_of("../starts") == 1);
    assert_int_equal(read_output(text, BYTES, 0), BYTES);
    assert_non_null(strstr(text, "\n19999\n20000\n"));
    free(text);
}

/* As long as the reader goes on reading, nothing is lost: the command waits for it. */
static void test_slow_reader(void **state)
{
    enum { BYTES = 6000000 };
    char *text = malloc(BYTES);

    (void)state;
    start_with_pipe("-q -- sh -c 'yes | head -c 6000000; exec sleep 1000'", 0);
    assert_int_equal(read_output(text, BYTES, 5), BYTES);
    for (size_t i = 0; i < BYTES; i++)
        if (text[i] != (i % 2 ? '\n' : 'y'))
            fail();
    free(text);
}

/* What is printed while nobody reads is lost, and that is reported. */
static void test_dropped(void **state)
{
    enum { MOST = 4000000 };
    char *text = calloc(1, MOST + 1);
    const char *told;
    size_t length = 0;

    (void)state;
    start_with_pipe("-- sh -c 'yes | head -c 6000000; echo >>../starts; exec sleep 1000'", 0);
    WAIT_UNTIL(lines_of("../starts") == 1); /* the command was not kept waiting */
    while (!strstr(text + (length > 200 ? length - 200 : 0), "read them\n")) {
        ssize_t got = read(output, text + length, 100);
        assert_true(got > 0);
        length += (size_t)got;
        assert_true(length < MOST - 100);
    }
    told = strrchr(text, '~');
    assert_non_null(told);
    assert_true(strtol(told + 3, NULL, 10) > 3000000);
    assert_non_null(strstr(told, " bytes of output and reports were dropped: nobody read them\n"));
    free(text);
}

/* The last words of a server arrive, however late they are read. */
static void test_last_words(void **state)
{
    char text[4096];
    size_t length;

    (void)state;
    start_with_pipe("-- sh -c 'echo >>../starts; trap \"echo so long; exit\" TERM; "
                    "while :; do sleep 0.1; done'",
                    0);
    WAIT_UNTIL(lines_of("../starts") == 1);
    poll(NULL, 0, 100);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    length = read_output(text, sizeof text - 1, 0);
    text[length] = '\0';
    assert_non_null(strstr(text, "so long\n"));
}

/* systemfd goes on when the reader has closed the pipe. */
static void test_closed_pipe(void **state)
{
    (void)state;
    start_with_pipe(CHATTER, 0);
    WAIT_UNTIL(lines_of("../starts") == 1);
    close(output);
    output = -1;
    assert_goes_on();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTPUT_TEST(test_nobody_reads_a_pipe), OUTPUT_TEST(test_nobody_reads_a_terminal),
        OUTPUT_TEST(test_mode_stays),          OUTPUT_TEST(test_nonblocking_pipe),
        OUTPUT_TEST(test_slow_reader),         OUTPUT_TEST(test_dropped),
        OUTPUT_TEST(test_last_words),          OUTPUT_TEST(test_closed_pipe),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
