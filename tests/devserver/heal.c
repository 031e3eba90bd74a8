/* SPDX-License-Identifier: MIT
 * Servers share their sockets with others. Whatever they do to them is undone: shutdown(2),
 * unlinking the path, another mode. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pid_t restart(unsigned generation)
{
    char text[16];

    snprintf(text, sizeof text, "%u\n", generation);
    put("text", text);
    return expect_ready(generation);
}

/* The answer over that unix socket begins with the word. */
static void assert_answers_path(const char *name, const char *word)
{
    char *path = path_in(project, name);
    char *answer = exchange(connect_path(SOCK_STREAM, path), "GET / HTTP/1.0\r\n\r\n");
    const char *body = strstr(answer, "\r\n\r\n");

    assert_non_null(body);
    assert_memory_equal(body + 4, word, strlen(word));
    free(answer);
    free(path);
}

static void ask_path(const char *name, const char *request)
{
    char *path = path_in(project, name);

    free(exchange(connect_path(SOCK_STREAM, path), request));
    free(path);
}

/* ---- TCP ---- */

static void test_shut_down_at_the_end(void **state)
{
    (void)state;
    put("text", "1\n");
    START("-s", "http::0", "--watch", ".", "--", "server", "ready", "closing");
    expect_ready(1);
    assert_answers(ports[0], "1");
    for (unsigned generation = 2; generation < 5; generation++) {
        char word[16];
        restart(generation);
        expect("~> a server shut down 127.0.0.1:");
        snprintf(word, sizeof word, "%u", generation);
        assert_answers(ports[0], word);
    }
}

/* A server may shut its socket down long before it ends. Clients need not wait for that. */
static void test_shut_down_long_before_the_end(void **state)
{
    (void)state;
    put("text", "1\n");
    START("-s", "http::0", "--watch", ".", "--", "server", "ready");
    expect_ready(1);
    free(ask(ports[0], "/shutdown"));
    expect("~> a server shut down 127.0.0.1:");
    assert_answers(ports[0], "1");
}

/* A server that does so again and again is left alone until a process ends. */
static void test_no_contest(void **state)
{
    long before;

    (void)state;
    START("-s", "http::0", "--watch", ".", "--", "server", "ready");
    expect_ready(1);
    free(ask(ports[0], "/shutdown"));
    expect("~> a server shut down 127.0.0.1:");
    free(ask(ports[0], "/shutdown"));
    before = processor_time_ms(systemfd.pid);
    poll(NULL, 0, 300);
    assert_in_range(processor_time_ms(systemfd.pid) - before, 0, 100);
    restart(2);
    expect("~> a server shut down 127.0.0.1:");
    assert_answers(ports[0], "2");
}

/* ---- Unix ---- */

static int mode_of(const char *name)
{
    char *path = path_in(project, name);
    struct stat status;

    assert_int_equal(lstat(path, &status), 0);
    free(path);
    return status.st_mode & 0777;
}

static void test_unix_shut_down(void **state)
{
    (void)state;
    START("-s", "unix::sock,mode=600", "--watch", ".", "--", "server", "ready");
    expect_ready(1);
    ask_path("sock", "GET /shutdown HTTP/1.0\r\n\r\n");
    expect("~> a server shut down sock: it was opened anew");
    expect("~> restarting: the server that runs has the old socket");
    expect_ready(2);
    assert_answers_path("sock", "hello");
    assert_int_equal(mode_of("sock"), 0600);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    in_project("test -z \"$(ls -A)\"");
}

/* An abstract name, like a port, can be bound once only. It is not free as long as a process has
 * the old socket. */
static void test_abstract_shut_down(void **state)
{
    const char *name = abstract_name("heal");
    char *spec;

    (void)state;
    assert_true(asprintf(&spec, "unix::%s", name) > 0);
    START("-s", spec, "--watch", ".", "--", "server", "ready");
    expect_ready(1);
    free(exchange(connect_path(SOCK_STREAM, name), "GET /shutdown HTTP/1.0\r\n\r\n"));
    expect("~> a server shut down @");
    assert_int_equal(count_lines("~> restarting"), 0);
    free(spec);
}

static void test_unlinked(void **state)
{
    (void)state;
    START("-s", "unix::sock", "--watch", ".", "--ignore", "*sock*", "--", "server", "ready",
          "unlinking");
    expect_ready(1);
    restart(2);
    expect("~> a server unlinked sock: it was opened anew");
    expect("~> restarting: the server that runs has the old socket");
    expect_ready(3);
    expect("~> a server unlinked sock: it is there again");
    assert_answers_path("sock", "2");
    restart(4); /* from now on, no server has to be restarted */
    expect("~> a server unlinked sock: it is there again");
    assert_answers_path("sock", "4");
    assert_int_equal(count_lines("~> restarting"), 1);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    in_project("test \"$(ls -A)\" = text");
}

/* A file that another process has put at the path stays. */
static void test_path_of_somebody_else(void **state)
{
    (void)state;
    START("-s", "unix::sock", "--watch", ".", "--ignore", "sock", "--", "server", "ready");
    expect_ready(1);
    in_project("rm sock; echo mine >sock");
    restart(2);
    restart(3);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    in_project("test \"$(cat sock)\" = mine");
    assert_int_equal(count_lines("~> a server"), 0);
}

/* ---- Mode ---- */

/* Was descriptor 3 non-blocking when that server began (fdinfo, proc(5))? */
static int was_nonblocking(unsigned generation)
{
    char *flags;
    int nonblocking;

    flags = shell("sed -n %up %s/../flags", generation, project);
    nonblocking = (strtol(flags + strlen("flags:"), NULL, 8) & O_NONBLOCK) != 0;
    free(flags);
    return nonblocking;
}

#define LOGGED_SERVER \
    "--", "sh", "-c", "grep flags: /proc/self/fdinfo/3 >>../flags; exec server ready"

/* Each server makes the shared socket non-blocking (LISTENFD_NONBLOCK). */
static void test_mode_when_none_is_left(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", "--stop-first", LOGGED_SERVER);
    expect_ready(1);
    restart(2);
    assert_false(was_nonblocking(1));
    assert_false(was_nonblocking(2));
}

/* The mode stays while a server runs that may rely on it. */
static void test_mode_of_one_that_runs(void **state)
{
    (void)state;
    START("-s", "http::0", "--watch", ".", LOGGED_SERVER);
    expect_ready(1);
    restart(2);
    assert_false(was_nonblocking(1));
    assert_true(was_nonblocking(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_shut_down_at_the_end),
        TEST(test_shut_down_long_before_the_end),
        TEST(test_no_contest),
        TEST(test_unix_shut_down),
        TEST(test_abstract_shut_down),
        TEST(test_unlinked),
        TEST(test_path_of_somebody_else),
        TEST(test_mode_when_none_is_left),
        TEST(test_mode_of_one_that_runs),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
