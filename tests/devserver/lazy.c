/* SPDX-License-Identifier: MIT
 * systemfd --lazy: nothing is built or started before the first client comes, and a server that
 * ends with status 0 is started again by the next one. The server is tests/support/server.c. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char waiting[] = "~> waiting for the first client";

static void end_systemfd(void)
{
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

static void check_answer(int fd, const char *question, const char *expected)
{
    char *answer = exchange(fd, question);

    assert_string_equal(answer, expected);
    free(answer);
}

/* ---- The first client ---- */

static void test_first_client(void **state)
{
    (void)state;
    START("--lazy", "-s", "http::0", "--", "server", "ready");
    expect(waiting);
    WAIT_UNTIL(children_of(systemfd.pid) == 0); /* once the guardian has its name */
    assert_answers(ports[0], "hello");
    expect("~> a client has come");
    expect_ready(1);
    assert_answers(ports[0], "hello");
    end_systemfd();
    assert_int_equal(count_lines("~> a client has come"), 1);
}

static void test_end_before_a_client(void **state)
{
    (void)state;
    START("--lazy", "-s", "./sock", "--", "server");
    expect(waiting);
    end_systemfd();
    in_project("test ! -e sock");
}

/* A client at any socket counts, and so does a datagram. */
static void test_datagram(void **state)
{
    char *path = path_in(project, "sock"), *got;
    int client;

    (void)state;
    START("--lazy", "-s", "http::0", "-s", "unix-datagram::sock", "--", "sh", "-c",
          "head -c 5 <&4 >../got; exit 0");
    expect(waiting);
    client = connect_path(SOCK_DGRAM, path);
    assert_int_equal(send(client, "hello", 5, 0), 5);
    expect("~> a client has come");
    expect("~> server 1 ended by itself; the next client starts it again");
    got = shell("cat '%s/../got'", project);
    assert_string_equal(got, "hello");
    close(client);
    free(got);
    free(path);
    end_systemfd();
}

/* As with inetd's "wait". */
static void test_inetd(void **state)
{
    static const char program[] =
        "import socket; client, _ = socket.socket(fileno=0).accept(); client.sendall(b'served\\n')";

    (void)state;
    START("--lazy", "--inetd", "-s", "http::0", "--", "python3", "-c", program);
    expect(waiting);
    for (int i = 0; i < 2; i++) {
        check_answer(connect_port(ports[0]), "", "served\n");
        expect("~> a client has come");
        expect("~> server ");
    }
    end_systemfd();
}

/* ---- Ending ---- */

static void test_next_client(void **state)
{
    (void)state;
    START("--lazy", "-s", "http::0", "--", "server", "ready");
    expect(waiting);
    for (unsigned generation = 1; generation <= 3; generation++) {
        assert_answers(ports[0], "hello");
        expect("~> a client has come");
        expect_ready(generation);
        free(ask(ports[0], "/exit/0"));
        expect("~> server ");
        WAIT_UNTIL(children_of(systemfd.pid) == 0);
    }
    end_systemfd();
}

/* As without --lazy, a server that crashed is started again after a pause. */
static void test_crash(void **state)
{
    (void)state;
    START("--lazy", "-s", "http::0", "--", "server", "ready");
    expect(waiting);
    assert_answers(ports[0], "hello");
    expect_ready(1);
    free(ask(ports[0], "/exit/3"));
    expect("~> server 1 crashed: exit status 3");
    expect("~> starting it again in 100 ms");
    expect_ready(2);
    assert_answers(ports[0], "hello");
    end_systemfd();
}

static void test_failure_at_the_first_client(void **state)
{
    char *answer;

    (void)state;
    put("text", "broken");
    START("--lazy", "-s", "http::0", "--watch", "text", "--", "server");
    expect(waiting);
    answer = ask(ports[0], "/");
    assert_non_null(strstr(answer, " 503 "));
    assert_non_null(strstr(answer, "The server does not start"));
    free(answer);
    expect("~> server 1 died before it was ready: ");
    put("text", "mended");
    expect_ready(2);
    assert_answers(ports[0], "mended");
    end_systemfd();
}

/* If nothing is watched, no change can come: a server that fails is tried again, after pauses. */
static void test_failures_without_watching(void **state)
{
    (void)state;
    put("text", "broken");
    START("--lazy", "--no-error-page", "-s", "http::0", "--", "server");
    expect(waiting);
    close(connect_port(ports[0]));
    expect("~> server 1 died before it was ready: ");
    expect("~> starting it again in 100 ms");
    expect("~> starting it again in 200 ms");
    put("text", "mended");
    expect("~> server ");
    WAIT_UNTIL(answers(ports[0], "mended"));
    end_systemfd();
}

/* A server that leaves its client waiting is not started again and again without a pause. */
static void test_no_busy_loop(void **state)
{
    int client;

    (void)state;
    START("--lazy", "-s", "http::0", "--", "true");
    expect(waiting);
    client = connect_port(ports[0]);
    expect("~> servers end soon while clients wait; the next one starts in 100 ms");
    expect("~> servers end soon while clients wait; the next one starts in 200 ms");
    expect("~> servers end soon while clients wait; the next one starts in 400 ms");
    assert_in_range(count_lines("~> a client has come"), 23, 26);
    end_systemfd();
    close(client);
}

/* ---- With a build, and changes ---- */

static void test_build(void **state)
{
    (void)state;
    put("text", "one");
    START("--lazy", "-s", "http::0", "--watch", "text", "--build", "echo >>../builds", "--",
          "server", "ready");
    expect(waiting);
    assert_int_equal(lines_of("../builds"), 0);

    put("text", "two"); /* before the first client, this starts nothing */
    expect("~> changed: ");
    assert_int_equal(lines_of("../builds"), 0);
    assert_answers(ports[0], "two");
    expect("~> a client has come: building");
    expect_ready(1);
    assert_int_equal(lines_of("../builds"), 1);

    put("text", "three"); /* while a server runs, this restarts it, as without --lazy */
    expect_ready(2);
    WAIT_UNTIL(children_of(systemfd.pid) == 1); /* the old one may answer until it has ended */
    assert_answers(ports[0], "three");
    assert_int_equal(lines_of("../builds"), 2);

    free(ask(ports[0], "/exit/0"));
    expect("~> server 2 ended by itself");
    assert_answers(ports[0], "three"); /* nothing has changed, so nothing is built */
    expect_ready(3);
    assert_int_equal(lines_of("../builds"), 2);

    free(ask(ports[0], "/exit/0"));
    expect("~> server 3 ended by itself");
    put("text", "four"); /* to be built for the next client */
    expect("~> changed: ");
    assert_int_equal(lines_of("../builds"), 2);
    assert_answers(ports[0], "four");
    assert_int_equal(lines_of("../builds"), 3);
    end_systemfd();
}

static void test_failed_build(void **state)
{
    char *answer;

    (void)state;
    put("bad", "");
    START("--lazy", "-s", "http::0", "--watch", ".", "--build",
          "! test -e bad || { echo the reason; exit 1; }", "--", "server", "ready");
    expect(waiting);
    answer = ask(ports[0], "/");
    assert_non_null(strstr(answer, " 503 "));
    assert_non_null(strstr(answer, "the reason"));
    free(answer);
    in_project("rm bad");
    expect_ready(1); /* as a client has come before */
    assert_answers(ports[0], "hello");
    end_systemfd();
}

/* The server ends by itself during a build that fails. From then on clients get the page, and do
 * not start one build after another. */
static void test_idle_during_a_failed_build(void **state)
{
    char *answer;

    (void)state;
    put("text", "one");
    START("--lazy", "-s", "http::0", "--watch", "text", "--build",
          "echo >>../builds; test ! -e ../bad || { echo building; "
          "until test -e ../go; do sleep 0.01; done; echo the reason; exit 1; }",
          "--", "server", "ready");
    expect(waiting);
    assert_answers(ports[0], "one");
    expect_ready(1);
    in_project("echo >../bad");
    put("text", "two");
    expect("building");
    free(ask(ports[0], "/exit/0"));
    expect("~> server 1 ended by itself");
    in_project("echo >../go");
    expect("~> the build failed after ");
    for (int i = 0; i < 3; i++) {
        answer = ask(ports[0], "/");
        assert_non_null(strstr(answer, "the reason"));
        free(answer);
    }
    assert_int_equal(lines_of("../builds"), 2);
    end_systemfd();
}

/* A restart by hand starts the server before any client comes. */
static void test_restart_by_hand(void **state)
{
    (void)state;
    START("--lazy", "-s", "http::0", "--", "server", "ready");
    expect(waiting);
    process_signal(&systemfd, SIGHUP);
    expect_ready(1);
    assert_int_equal(count_lines("~> a client has come"), 0);
    end_systemfd();
}

static void test_with_accept(void **state)
{
    (void)state;
    START("--lazy", "--accept", "--inetd", "-s", "http::0", "--build", "echo >>../builds", "--",
          "cat");
    expect(waiting);
    assert_int_equal(lines_of("../builds"), 0);
    check_answer(connect_port(ports[0]), "one", "one");
    check_answer(connect_port(ports[0]), "two", "two");
    assert_int_equal(lines_of("../builds"), 1);
    end_systemfd();
}

static void test_refused(void **state)
{
    char *text;

    (void)state;
    assert_int_equal(shell_status(&text, "systemfd --lazy -- true"), 2);
    assert_non_null(strstr(text, "--lazy wants a socket to wait at; open one with -s"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_client),
        TEST(test_end_before_a_client),
        TEST(test_datagram),
        TEST(test_inetd),
        TEST(test_next_client),
        TEST(test_crash),
        TEST(test_failure_at_the_first_client),
        TEST(test_failures_without_watching),
        TEST(test_no_busy_loop),
        TEST(test_build),
        TEST(test_failed_build),
        TEST(test_idle_during_a_failed_build),
        TEST(test_restart_by_hand),
        TEST(test_with_accept),
        TEST(test_refused),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
