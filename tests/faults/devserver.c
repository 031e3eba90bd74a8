/* SPDX-License-Identifier: MIT
 * The development server while the system fails, once, at any place of a working day: servers
 * that are restarted, crash and end, builds that fail. Either it goes on serving, or it ends
 * with a sentence; and nothing is left of it. `make faults` tries every error of each call,
 * `make check` a choice. The server is tests/support/server.c; tests/support/keeper.c stores
 * something for it. */
#include "devserver.h"
#include "injector/injector.h"
#include "injector/suite.h"

#include "folder.h"
#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* For an answer, until something is touched to provoke it; then more and more. */
enum { PATIENCE_MS = 300 };

static int listener, port; /* passed to systemfd, so that the test knows the port */
static int manager;        /* told how it goes; of which nothing is expected */
static char notify_socket[64];
static int is_on_terminal;

/* ---- systemfd ---- */

#define COMMAND                                                                 \
    "exec systemfd --delay 10 -s http::0 -s unix::sock --watch . --watch link " \
    "--build 'echo >stamp; if test -e bad; then echo >>../failed; exit 1; fi' " \
    "-- sh -c 'keeper twice=x >&-; exec server ready'"

static void start(void)
{
    static const char command[] = COMMAND, on_terminal[] = "exec >&4 2>&4 4>&-; " COMMAND;
    const char *const argv[] = {"sh", "-c", is_on_terminal ? on_terminal : command, NULL};
    const char *const variables[] = {fault_variable(),
                                     "FAULT_LOG=../log",
                                     "LISTEN_FDS=1",
                                     notify_socket,
                                     "ASAN_OPTIONS=detect_leaks=0",
                                     NULL};
    int master = -1, descriptors[2] = {listener, -1};

    if (is_on_terminal)
        assert_int_equal(openpty(&master, &descriptors[1], NULL, NULL, NULL), 0);
    process_start(&systemfd, &(struct launch){.argv = argv,
                                              .environ_ = variables,
                                              .folder = project,
                                              .descriptors = descriptors,
                                              .count = is_on_terminal ? 2 : 1});
    if (is_on_terminal) { /* what it prints comes out there */
        dup2(master, systemfd.output);
        close(master);
        close(descriptors[1]);
    }
}

/* ---- Requests that nobody may be there to answer ---- */

/* -1: systemfd has ended, and with it the socket. */
static int try_to_connect(int at_port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)at_port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&where, sizeof where) == 0)
        return fd;
    close(fd);
    return -1;
}

static void forget_what_was_told(void)
{
    char message[1024];

    while (recv(manager, message, sizeof message, MSG_DONTWAIT) > 0) {
    }
}

/* Is that what the answer's body begins with? Not, if there is none in time. */
static int answer_is(int at_port, const char *path, const char *word, long patience_ms)
{
    struct timeval limit = {patience_ms / 1000, patience_ms % 1000 * 1000};
    char request[128], answer[8192];
    int fd = try_to_connect(at_port);
    size_t length = 0;
    const char *body;
    ssize_t got;

    forget_what_was_told();
    if (fd < 0)
        return 0;
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    send(fd, request, strlen(request), MSG_NOSIGNAL);
    while ((got = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0)
        length += (size_t)got;
    close(fd);
    answer[length] = '\0';
    body = strstr(answer, "\r\n\r\n");
    return body && strncmp(body + 4, word, strlen(word)) == 0;
}

/* That of systemfd's own socket, which may show a page; 0: it did not say which. */
static int find_http_port(void)
{
    const char *line;

    read_output();
    line = systemfd.text ? strstr(systemfd.text, "http://127.0.0.1:") : NULL;
    return line ? atoi(line + strlen("http://127.0.0.1:")) : 0;
}

/* Writes the file when it is time for that, and doubles the time until then. */
static void provoke(const char *file, const char *text, long *patience_ms, long long *next)
{
    if (now_ms() < *next)
        return;
    put(file, text);
    *patience_ms *= 2;
    *next = now_ms() + *patience_ms;
}

/* Something changes, again and again, until there is that answer. 0 when systemfd ended. */
static int reach(const char *word)
{
    long patience_ms = PATIENCE_MS;
    long long deadline = now_ms() + DEADLINE_MS, next = now_ms() + patience_ms;

    while (!systemfd_has_ended() && !answer_is(port, "/", word, patience_ms)) {
        provoke("text", word, &patience_ms, &next);
        look_again(deadline, word);
    }
    return !systemfd_has_ended();
}

/* The same until a build has failed. */
static int reach_failed_build(void)
{
    long patience_ms = PATIENCE_MS;
    long long deadline = now_ms() + DEADLINE_MS, next = 0;

    while (!systemfd_has_ended() && lines_of("../failed") == 0) {
        provoke("bad", "", &patience_ms, &next);
        look_again(deadline, "a build fails");
    }
    return !systemfd_has_ended();
}

/* ---- A working day ---- */

/* There is no server, and so a page; unless a change comes in between. After a fault it is not
 * waited for. */
static int see_page(void)
{
    int http_port = find_http_port(), is_seen = 0;
    long patience_ms = PATIENCE_MS;
    long long deadline = now_ms() + DEADLINE_MS;

    while (http_port && !is_seen && !systemfd_has_ended() &&
           !(injected.number > 0 && patience_ms > 2000)) {
        answer_is(port, "/exit/0", "", patience_ms);
        is_seen = answer_is(http_port, "/", "The server ", patience_ms);
        patience_ms *= 2;
        look_again(deadline, "the page is seen");
    }
    return !systemfd_has_ended();
}

/* 0 as soon as systemfd has ended. */
static int live(void)
{
    if (!reach("one"))
        return 0;
    in_project("mv folder moved; mkdir folder; echo >folder/file");
    put("text", "two");
    if (!reach("two"))
        return 0;
    answer_is(port, "/segv", "", PATIENCE_MS);
    if (!reach("two") || !see_page() || !reach_failed_build())
        return 0;
    in_project("rm -f bad");
    put("text", "three");
    return reach("three");
}

static void live_and_end(void)
{
    in_project("rm -rf * ../failed ../log; mkdir folder; ln -s text link");
    put("text", "one");
    start();
    if (live())
        end_systemfd();
    check_end();
    process_discard(&systemfd);
}

/* ---- Every fault ---- */

enum { MOST_CALLS = 30 }; /* of one kind: they begin to be the same again */

static int all_faults; /* or a choice */
static size_t faults_tried;

/* How often each is called, by row of the table; on a terminal, more of them are. */
static unsigned counts[2][MOST_ROWS];

/* The choice: the third call, when the day is in full swing, with an error that differs from call
 * to call. */
static int is_chosen(size_t row, unsigned count, size_t error, size_t errors)
{
    return all_faults || (injected.number == (count < 3 ? count : 3) && error == row % errors);
}

/* What happens after a failure also repeats calls: so there may be more than were counted. */
static void fail_call(const struct call *call)
{
    size_t row = (size_t)(call - calls), errors = 0;
    unsigned count;

    is_on_terminal = counts[0][row] == 0;
    count = counts[is_on_terminal][row];
    while (call->errors[errors])
        errors++;
    injected.call = call->name;
    for (injected.number = 1; injected.number <= count && injected.number <= MOST_CALLS;
         injected.number++)
        for (size_t i = 0; i < errors; i++)
            if (is_chosen(row, count, i, errors)) {
                injected.error = call->errors[i];
                live_and_end();
                faults_tried++;
            }
}

static void test_call(void **state)
{
    fail_call(*state);
}

/* ---- Without a fault ---- */

static void test_usual_day(void **state)
{
    (void)state;
    for (is_on_terminal = 0; is_on_terminal < 2; is_on_terminal++) {
        live_and_end();
        count_calls(counts[is_on_terminal]);
    }
}

/* ---- Before and after ---- */

static int prepare(void **state)
{
    all_faults = all_faults_wanted();
    listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    port = port_of_socket(listener);
    manager = unix_socket(SOCK_DGRAM, abstract_name("manager"));
    snprintf(notify_socket, sizeof notify_socket, "NOTIFY_SOCKET=%s", abstract_name("manager"));
    return find_faulty_systemfd(state);
}

static int finish(void **state)
{
    (void)state;
    print_message("%zu faults\n", faults_tried);
    close(listener);
    close(manager);
    return 0;
}

int main(void)
{
    return run_rows("devserver", test_usual_day, test_call, print_fault, prepare, finish);
}
