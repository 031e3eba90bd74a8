/* SPDX-License-Identifier: MIT
 * --live-reload: the script, the stream of events, which origins may read it, and a page in
 * Chromium. */
#include "browser.h"
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int reload_port;

static void expect_script(void)
{
    const char *line = expect("~> pages reload that have <script src=\"http://127.0.0.1:");

    reload_port = atoi(strrchr(line, ':') + 1);
    assert_in_range(reload_port, 1, 65535);
}

static int begin(const char *request)
{
    int fd = connect_port(reload_port);

    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (int)strlen(request));
    return fd;
}

/* Adds to `text` what comes, until the part is in it, after *from. Moves *from behind the part. */
static void expect_part(int fd, char text[4096], size_t *from, const char *part)
{
    size_t length = strlen(text);
    long long deadline = now_ms() + DEADLINE_MS;
    const char *found;

    while (!(found = strstr(text + *from, part))) {
        struct pollfd more = {.fd = fd, .events = POLLIN};
        ssize_t got;
        assert_true(now_ms() < deadline);
        if (poll(&more, 1, 100) <= 0)
            continue;
        got = recv(fd, text + length, 4095 - length, 0);
        assert_true(got > 0);
        length += (size_t)got;
        text[length] = '\0';
    }
    *from = (size_t)(found - text) + strlen(part);
}

/* ---- What it serves ---- */

static void test_script(void **state)
{
    char *answer;

    (void)state;
    START("--live-reload=0", "--restart-on-hup", "--settle=0", "--", "sleep", "1000");
    expect_script();
    answer = finish_request(begin("GET /reload.js HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_int_equal(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17), 0);
    assert_non_null(strstr(answer, "\r\nContent-Type: text/javascript"));
    assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(answer, "new EventSource("));
    free(answer);
    answer = finish_request(begin("GET /else HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_int_equal(strncmp(answer, "HTTP/1.1 404 ", 13), 0);
    free(answer);
}

static void next_event(int fd, char text[4096], size_t *from, char *event)
{
    size_t begin;

    expect_part(fd, text, from, "data: ");
    begin = *from;
    expect_part(fd, text, from, "\n\n");
    assert_int_equal(sscanf(text + begin, "%63s", event), 1);
}

static int is_in_script(const char *event)
{
    char *script = finish_request(begin("GET /reload.js HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    int found = strstr(script, event) != NULL;

    free(script);
    return found;
}

/* There is an event at the beginning, with the version that the script has, and one for each new
 * server. */
static void test_events(void **state)
{
    char text[4096] = "", now[64], next[64];
    size_t from = 0;
    int fd;

    (void)state;
    START("--live-reload=0", "--restart-on-hup", "--settle=0", "--", "sleep", "1000");
    expect_script();
    expect_ready(1);
    fd = begin("GET /events HTTP/1.1\r\nHost: localhost\r\nOrigin: http://127.0.0.1:1\r\n\r\n");
    expect_part(fd, text, &from, "\r\nAccess-Control-Allow-Origin: http://127.0.0.1:1\r\n");
    next_event(fd, text, &from, now);
    while (!is_in_script(now)) /* the event for server 1 is still to come */
        next_event(fd, text, &from, now);
    process_signal(&systemfd, SIGHUP);
    next_event(fd, text, &from, next);
    assert_string_not_equal(now, next);
    close(fd);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* ---- For whom ---- */

static void test_strangers(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } rows[] = {
        {"Host: localhost:1", 200},
        {"Host: [::1]:1", 200},
        {"Host: example.com", 403}, /* DNS rebinding */
        {"Host: localhost\r\nOrigin: http://localhost:5000", 200},
        {"Host: localhost\r\nOrigin: https://app.localhost", 200},
        {"Host: localhost\r\nOrigin: http://[::1]:5000", 200},
        {"Host: localhost\r\nOrigin: https://example.com", 403},
        {"Host: localhost\r\nOrigin: http://localhost.example.com:5000", 403},
        {"Host: localhost\r\nOrigin: http://203.0.113.9", 403},
        {"Host: localhost\r\nOrigin: http://[2001:db8::1]", 403},
        {"Host: localhost\r\nOrigin: http://127.0.0.1.example.com", 403},
        {"Host: localhost\r\nOrigin: null", 403},
    };
    char request[256];

    (void)state;
    START("--live-reload=0", "--restart-on-hup", "--", "sleep", "1000");
    expect_script();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *answer;
        snprintf(request, sizeof request, "GET /reload.js HTTP/1.1\r\n%s\r\n\r\n", rows[i].headers);
        answer = finish_request(begin(request));
        if (atoi(answer + strlen("HTTP/1.1 ")) != rows[i].status)
            print_message("%s: %s\n", rows[i].headers, answer);
        assert_int_equal(atoi(answer + strlen("HTTP/1.1 ")), rows[i].status);
        free(answer);
    }
}

static void test_only_on_loopback(void **state)
{
    (void)state;
    START("--live-reload=0", "--restart-on-hup", "--", "sleep", "1000");
    expect_script();
    free(shell("ss -tlnH 'sport = :%d' >'%s/listeners'; test -s '%s/listeners' && "
               "! grep -vE ' (127.0.0.1|\\[::1\\]):%d ' '%s/listeners'",
               reload_port, project, project, reload_port, project));
}

/* The oldest client is closed to make room. */
static void test_many_clients(void **state)
{
    static int silent[200];
    char *answer;

    (void)state;
    START("--live-reload=0", "--restart-on-hup", "--settle=0", "--", "sleep", "1000");
    expect_script();
    for (int i = 0; i < 200; i++)
        silent[i] = connect_port(reload_port);
    answer = finish_request(begin("GET /reload.js HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_int_equal(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17), 0);
    free(answer);
    process_signal(&systemfd, SIGHUP);
    expect_ready(2);
    for (int i = 0; i < 200; i++)
        close(silent[i]);
}

static void test_client_that_floods(void **state)
{
    static char bytes[1 << 20];
    int fd;
    char *answer;

    (void)state;
    START("--live-reload=0", "--restart-on-hup", "--", "sleep", "1000");
    expect_script();
    memset(bytes, 'x', sizeof bytes);
    fd = connect_port(reload_port);
    while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0) {
    }
    close(fd);
    answer = finish_request(begin("GET /reload.js HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_int_equal(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17), 0);
    free(answer);
}

/* ---- Its port ---- */

static void test_port(void **state)
{
    char option[64], *text;
    int holder = internet_socket(SOCK_STREAM, "127.0.0.1"), port = port_of_socket(holder);

    (void)state;
    snprintf(option, sizeof option, "--live-reload=%d", port);
    assert_int_equal(shell_status(&text, "systemfd %s --restart-on-hup -- true", option), 1);
    assert_non_null(strstr(text, "127.0.0.1"));
    assert_non_null(strstr(text, "--live-reload: the address is in use"));
    free(text);
    close(holder);
    START(option, "--restart-on-hup", "--", "sleep", "1000");
    expect_script();
    assert_int_equal(reload_port, port);
}

static void test_wrong_port(void **state)
{
    char *text;

    (void)state;
    assert_int_equal(shell_status(&text, "systemfd --live-reload=65536 --watch . -- true"), 2);
    assert_non_null(strstr(text, "--live-reload '65536' is not a number from 0 to 65535"));
    free(text);
    assert_int_equal(shell_status(&text, "systemfd --live-reload -- true"), 2);
    assert_non_null(strstr(text, "--live-reload does nothing without --watch"));
    free(text);
}

/* ---- In Chromium ---- */

/* One thread per client, as browsers open connections before they need them. */
static const char server[] =
    "import os, signal, socket, threading\n"
    "listener = socket.socket(fileno=3)\n"
    "signal.signal(signal.SIGTERM, lambda *unused: os._exit(0))\n"
    "page = open('page').read().encode()\n"
    "head = 'HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nConnection: close\\r\\n\\r\\n'\n"
    "def answer(client):\n"
    "    if client.recv(9999):\n"
    "        client.sendall(head.encode() + page)\n"
    "    client.close()\n"
    "while True:\n"
    "    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()\n";

static void put_page(const char *title)
{
    in_project(
        "printf '<!DOCTYPE html><title>%s</title><script src=\"http://127.0.0.1:%d/reload.js\""
        " async></script>' >new && mv new page",
        title, reload_port);
}

/* The page is reloaded once for each new server, not more. */
static void test_page_reloads(void **state)
{
    (void)state;
    skip_without_chromium();
    put("server.py", server);
    START("-s", "http::0", "--live-reload=0", "--restart-on-hup", "--", "python3", "server.py");
    expect_script();
    put_page("first page");
    process_signal(&systemfd, SIGHUP);
    expect_ready(2);
    start_chromium();

    open_page("127.0.0.1", "");
    WAIT_UNTIL(holds("document.title == 'first page' && (window.mark = true)"));
    put_page("second page");
    process_signal(&systemfd, SIGHUP);
    WAIT_UNTIL(holds("document.title == 'second page' && (window.mark = true)"));
    process_signal(&systemfd, SIGHUP);
    WAIT_UNTIL(holds("document.title == 'second page' && !window.mark"));
    stop_chromium();
}

static void test_error_page_reloads(void **state)
{
    (void)state;
    skip_without_chromium();
    put("server.py", server);
    put("broken", "first mistake\n");
    START("-s", "http::0", "--live-reload=0", "--watch", "broken", "--build",
          "cat broken; ! test -s broken", "--", "python3", "server.py");
    expect_script();
    put_page("mended");
    expect("~> the build failed after ");
    start_chromium();

    open_page("127.0.0.1", "");
    WAIT_UNTIL(holds("document.body.innerText.includes('first mistake')"));
    WAIT_UNTIL(holds("!document.querySelector('head > meta[http-equiv=refresh]')"));
    put("broken", "second mistake\n");
    WAIT_UNTIL(holds("document.body.innerText.includes('second mistake')"));
    put("broken", "");
    WAIT_UNTIL(holds("document.title == 'mended'"));
    stop_chromium();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_script),
        TEST(test_events),
        TEST(test_strangers),
        TEST(test_only_on_loopback),
        TEST(test_many_clients),
        TEST(test_client_that_floods),
        TEST(test_port),
        TEST(test_wrong_port),
        cmocka_unit_test_setup_teardown(test_page_reloads, create_project, end_chromium),
        cmocka_unit_test_setup_teardown(test_error_page_reloads, create_project, end_chromium),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
