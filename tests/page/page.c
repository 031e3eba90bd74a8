/* SPDX-License-Identifier: MIT
 * The error page, which clients of http sockets get while there is no server, as HTML or plain
 * text; and how it goes away again. The last tests look at it in Chromium. */
#include "browser.h"
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static const char browser[] = "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0\r\n"
                              "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n\r\n";
static const char curl[] = "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.0\r\n"
                           "Accept: */*\r\n\r\n";

static struct process other_machine;
static int own_network = -1;

static char *ask_as(const char *client)
{
    int fd = connect_port(ports[0]);

    assert_int_equal(send(fd, client, strlen(client), MSG_NOSIGNAL), (int)strlen(client));
    return finish_request(fd);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_message("expected '%s' in:\n%s\n", part, text);
    assert_non_null(strstr(text, part));
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        print_message("not expected '%s' in:\n%s\n", part, text);
    assert_null(strstr(text, part));
}

/* The answer is an error page, has the length that it says, and may not be cached. */
static void assert_whole(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "Content-Length: ");

    assert_true(body && length && length < body);
    assert_int_equal(strlen(body + 4), strtoul(length + strlen("Content-Length: "), NULL, 10));
    assert_has(answer, "\r\nCache-Control: no-store\r\n");
    assert_int_equal(strncmp(answer, "HTTP/1.1 503 Service Unavailable\r\n", 34), 0);
}

static int is_page(int port)
{
    char *answer = ask(port, "/");
    int page = strncmp(answer, "HTTP/1.1 503 ", 13) == 0;

    free(answer);
    return page;
}

/* A build that prints what the file "output" holds, and fails unless it is empty. */
#define BUILD_COMMAND "cat output; ! test -s output"
#define START_BROKEN(...)                                                              \
    START(__VA_ARGS__, "--watch", "output", "--build", BUILD_COMMAND, "--", "server"); \
    expect("~> the build failed after ")

static void mend(unsigned generation)
{
    put("output", "");
    expect_ready(generation);
}

/* ---- The page itself ---- */

static const char output[] = "make: compiling \"x\" & 'y'\n"
                             "server.c:12:5: \033[01;31merror: \033[m<script>alert(1)</script>\n"
                             "server.c:13: \033[32mgreen\033[0m \033[1;94mblue\033[K\033[22;39m.\n"
                             "\033[2Jclear \033]0;title\007 bell \303\274\n"
                             "\033[01m\033[Kserver.c:14:1:\033[m\033[K gcc [\033]8;;about:blank"
                             "\033\\-Wall\033]8;;\033\\]\n"
                             "\033[38;5;9mrustc\033[48;5;1m, \033[38;5;196mred\033[0m, "
                             "\033[1;38;2;1;2;255mblue\033[m \033[38;5;244;1mgrey\033[m\n";

static void test_html(void **state)
{
    char *page;

    (void)state;
    put("output", output);
    START_BROKEN("-s", "http::0");
    page = ask_as(browser);
    assert_whole(page);
    assert_has(page, "\r\nContent-Type: text/html; charset=utf-8\r\n");
    assert_has(page, "<title>The build failed</title>");
    assert_has(page, "make: compiling &quot;x&quot; &amp; ");
    assert_has(page, "&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_has_not(page, "<script");
    assert_has(page, "server.c:12:5</b>");
    assert_has(page, "server.c:13</b>");
    assert_has(page, "font-weight:bold\">error: </span>");
    assert_has(page, "green</span>");
    assert_has(page, "clear  bell ");
    assert_has(page, "server.c:14:1</b>");
    assert_has(page, " gcc [-Wall]\n");
    assert_has(page, "color:#ff7b86;\">rustc</span>");
    assert_has(page, "color:#ff0000;\">red</span>");
    assert_has(page, "color:#0102ff;font-weight:bold\">blue</span>");
    assert_has(page, "color:#808080;font-weight:bold\">grey</span>");
    assert_has(page, "\303\274\n");
    assert_null(strchr(page, '\033'));
    assert_null(strchr(page, '\007'));
    free(page);
}

/* Places as compilers on Windows write them: paths with drives, and lines in brackets. */
static void test_places_on_windows(void **state)
{
    char *page;

    (void)state;
    put("output", "C:\\s\\a.c:1:2: error: x\n"
                  "d:/s/b.c:3: error: x\n"
                  "c.c(4): error C2065: 'x': undeclared identifier\n"
                  "C:\\s\\d.cs(5,6): error CS0103: x\n"
                  "e.c(7) : warning C4996: x\n"
                  "f(8) is called\n"
                  "g(9\n"
                  "C:\\s: error: x\n");
    START_BROKEN("-s", "http::0");
    page = ask_as(browser);
    assert_whole(page);
    assert_has(page, "<b class=\"at\">C:\\s\\a.c:1:2</b>: error");
    assert_has(page, "<b class=\"at\">d:/s/b.c:3</b>: error");
    assert_has(page, "<b class=\"at\">c.c(4)</b>: error");
    assert_has(page, "<b class=\"at\">C:\\s\\d.cs(5,6)</b>: error");
    assert_has(page, "<b class=\"at\">e.c(7)</b> : warning");
    assert_has(page, "\nf(8) is called\ng(9\nC:\\s: error: x\n");
    free(page);
}

/* An escape sequence that is cut off, or unknown, ends with its line at the latest. */
static void test_html_of_cut_sequences(void **state)
{
    static const char *const rows[][2] = {
        {"a \033[1mb\n", "a <span style=\"font-weight:bold\">b\n</span></pre>"},
        {"a \033[1;3", "a </pre>"},
        {"a \033[1;3\nb\n", "a \nb\n</pre>"},
        {"a \033]8;;about:blank", "a </pre>"},
        {"a \033]8;;about\nb\n", "a \nb\n</pre>"},
        {"a \033[38;7;1mb\n", "a b\n</pre>"},
        {"a \033", "a </pre>"},
    };
    char *page;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put("output", rows[i][0]);
        START_BROKEN("-s", "http::0");
        page = ask_as(browser);
        assert_has(page, rows[i][1]);
        free(page);
        process_discard(&systemfd);
    }
}

/* The page loads nothing but itself again. */
static void test_html_fetches_nothing(void **state)
{
    char *page;

    (void)state;
    put("output", output);
    START_BROKEN("-s", "http::0");
    page = ask_as(browser);
    assert_has(page, "<meta http-equiv=\"refresh\" content=\"");
    assert_has_not(page, "://");
    assert_has_not(page, " src=");
    assert_has_not(page, "url(");
    assert_has_not(page, "@import");
    free(page);
}

static void test_plain_text(void **state)
{
    char *page;

    (void)state;
    put("output", output);
    START_BROKEN("-s", "http::0");
    page = ask_as(curl);
    assert_whole(page);
    assert_has(page, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
    assert_has(page, "The build failed");
    assert_has(page, "make: compiling \"x\" & 'y'\n");
    assert_has(page,
               "\033[01;31merror: \033[m<script>alert(1)</script>\n"); /* curl runs in a terminal */
    assert_has_not(page, "<html");
    free(page);
}

/* The page has the end of a long output, from the beginning of a line on. */
static void test_long_output(void **state)
{
    static const struct {
        const char *client, *beginning;
    } rows[] = {{browser, "<pre>line 1"}, {curl, "The build failed\n\nline 1"}};

    (void)state;
    START("-s", "http::0", "--watch", ".", "--build", "seq -f 'line %.0f <&>.' 200000; false", "--",
          "server");
    expect("~> the build failed after ");
    for (size_t i = 0; i < 2; i++) {
        char *page = ask_as(rows[i].client);
        assert_whole(page);
        assert_has(page, rows[i].beginning);
        assert_has(page, "line 200000 ");
        assert_has_not(page, "line 100000 ");
        free(page);
    }
}

/* If a single line is too long, the page has its end, from a whole character on. */
static void test_long_line(void **state)
{
    static const char *const clients[] = {browser, curl};

    (void)state;
    START("-s", "http::0", "--watch", ".", "--build",
          "seq -f '\303\274progress %.0f' -s '\r' 5000; seq 100; false", "--", "server");
    expect("~> the build failed after ");
    for (size_t i = 0; i < 2; i++) {
        char *page = ask_as(clients[i]);
        const char *first = strstr(page, i == 0 ? "<pre>" : "failed\n\n");
        assert_whole(page);
        assert_has(page, "progress 5000\n1\n2\n");
        assert_non_null(first);
        assert_int_not_equal(first[i == 0 ? 5 : 8] & 0xc0, 0x80);
        free(page);
    }
}

static void test_binary_output(void **state)
{
    char *page;

    (void)state;
    START("-s", "http::0", "--watch", ".", "--build",
          "head -c 4096 /dev/urandom | tr -d '<'; printf 'a\\0b\\377c\\033'; false", "--",
          "server");
    WAIT_UNTIL(children_of(systemfd.pid) == 1 && is_page(ports[0]));
    page = ask_as(browser);
    assert_whole(page);
    assert_has(page, "</html>");
    free(page);
}

static void test_no_output(void **state)
{
    char *page;

    (void)state;
    START("-s", "http::0", "--watch", ".", "--build", "exit 42", "--", "server");
    expect("~> the build failed after ");
    page = ask_as(curl);
    assert_whole(page);
    assert_has(page, "The build failed");
    free(page);
}

/* ---- For whom it is ---- */

static char *ask_for_host(const char *beginning, const char *host, const char *accept)
{
    char *request, *answer;

    assert_true(asprintf(&request, "%s%s%s\r\n\r\n", beginning, host, accept) > 0);
    answer = ask_as(request);
    free(request);
    return answer;
}

static void check_host(const char *host, int is_stranger)
{
    static const char *const accepts[] = {"", "\r\nAccept: text/html"};

    print_message("Host: %s\n", host);
    for (size_t i = 0; i < 2; i++) {
        char *page = ask_for_host("GET / HTTP/1.1\r\nUser-Agent: x\r\nHost: ", host, accepts[i]);
        assert_whole(page);
        assert_has(page, "The build failed");
        assert_has(page, i == 0 ? "\nContent-Type: text/plain" : "\nContent-Type: text/html");
        (is_stranger ? assert_has_not : assert_has)(page, "make: compiling");
        (is_stranger ? assert_has : assert_has_not)(page, "What was printed is in the terminal.");
        (is_stranger ? assert_has : assert_has_not)(page, "DNS rebinding");
        free(page);
    }
}

/* A website may let its name stand for 127.0.0.1 for a moment (DNS rebinding). So the output is
 * kept from every name that somebody can claim, on the Internet, in the network's DNS or by mDNS.
 */
static void test_not_for_strangers(void **state)
{
    static const char *const ours[] = {
        "localhost",          "LocalHost:5000", "localhost.",
        "app.localhost:5000", "127.0.0.1:5000", "10.1.2.3",
        "[::1]:5000",         "[fe80::1]:5000", "",
    };
    static const char *const strangers[] = {
        "evil.example",
        "evil.example:5000",
        "evil.example.",
        "localhost.evil.example",
        "127.0.0.1.evil.example:5000",
        "evil.notlocalhost",
        "notlocalhost",
        "evil.example..",
        "1.2.3.4.5",
        "test.com",
        "mybox:5000",
        "mybox.",
        "mybox.LOCAL:80",
        "shop.test:5000",
        "api.internal",
        "evil.123",
    };
    char own[256] = "";

    (void)state;
    put("output", output);
    START_BROKEN("-s", "http::0");
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        check_host(ours[i], 0);
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        check_host(strangers[i], 1);
    assert_int_equal(gethostname(own, sizeof own - 1), 0);
    check_host(own, 0);
    check_host(strcat(own, "x"), 1);
}

static void test_hosts_by_option(void **state)
{
    (void)state;
    put("output", output);
    START_BROKEN("-s", "http::0", "--error-page-for", "shop.test", "--error-page-for=MyBox");
    check_host("shop.test:5000", 0);
    check_host("SHOP.test.", 0);
    check_host("mybox:5000", 0);
    check_host("localhost", 0);
    check_host("a.shop.test", 1);
    check_host("shop.test.evil.example", 1);
    check_host("mybo", 1);
}

static void assert_withheld_with_path(size_t length)
{
    char *path = malloc(length + 1), *page;

    memset(path, 'x', length);
    path[length] = '\0';
    page = ask_for_host("GET /", path, " HTTP/1.1\r\nHost: www.evil.example");
    assert_has_not(page, "make: compiling");
    free(page);
    free(path);
}

/* A browser always sends Host, so a request without it is from no browser. But if the path is
 * longer than what is read, Host is not read, or only a part of it. */
static void test_requests_without_a_host(void **state)
{
    static const char before[] = "GET / HTTP/1.1\r\nHost: www.evil.example\r\n\r\n";
    char *page;

    (void)state;
    put("output", output);
    START_BROKEN("-s", "http::0");
    page = ask_as("GET / HTTP/1.0\r\n\r\n");
    assert_has(page, "make: compiling");
    free(page);
    assert_withheld_with_path(20000);
    for (size_t cut = 0; cut <= sizeof before; cut++)
        assert_withheld_with_path(16383 - cut);
}

/* ---- Other users, other machines ---- */

enum { NOBODY = 65534 };

static void need_root(void)
{
    if (geteuid() != 0)
        skip_because("only root can become another user");
}

/* Like ask_as, but in a process of that user, which may half-close. It is no program of its own,
 * because that user may not read the programs that were built here. */
static char *ask_as_user(uid_t user, const char *host, const char *request, int half_close)
{
    char *answer = calloc(1, 1 << 18);
    size_t length = 0;
    ssize_t got;
    int ends[2], status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        int fd = setresuid(user, user, user) == 0 ? connect_host(host, ports[0]) : -1;
        if (fd < 0 || send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
            _exit(1);
        if (half_close)
            shutdown(fd, SHUT_WR);
        while ((got = recv(fd, answer, 1 << 18, 0)) > 0)
            if (write(ends[1], answer, (size_t)got) != got)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    while ((got = read(ends[0], answer + length, (1 << 18) - 1 - length)) > 0)
        length += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    return answer;
}

static void check_user(uid_t user, const char *host, int is_shown)
{
    static const char *const requests[] = {browser, curl, "GET / HTTP/1.0\r\n\r\n"};

    for (int i = 0; i < 6; i++) {
        char *page = ask_as_user(user, host, requests[i / 2], i % 2);
        assert_whole(page);
        assert_has(page, "The build failed");
        (is_shown ? assert_has : assert_has_not)(page, "make: compiling");
        (is_shown ? assert_has_not : assert_has)(page, "You are another user");
        free(page);
    }
}

/* The output may hold a password, which other users must not see. */
static void test_not_for_other_users(void **state)
{
    (void)state;
    need_root();
    put("output", output);
    START_BROKEN("-s", "http::0");
    check_user(NOBODY, "127.0.0.1", 0);
    check_user(geteuid(), "127.0.0.1", 1);
}

/* Sets ports[0] to the port of the first socket, whatever its host. */
static void find_port(void)
{
    const char *line = strstr(systemfd.text, "socket http://");

    assert_non_null(line);
    ports[0] = atoi(strstr(line, "]:") + 2);
}

static void test_not_for_other_users_of_ipv6(void **state)
{
    static const char *const specs[] = {"http::[::1]:0", "http::*:0"};

    (void)state;
    need_root();
    put("output", output);
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        START_BROKEN("-s", specs[i]);
        find_port();
        check_user(NOBODY, "::1", 0);
        check_user(geteuid(), "::1", 1);
        if (i == 1) { /* such a client is seen as "::ffff:127.0.0.1" */
            check_user(NOBODY, "127.0.0.1", 0);
            check_user(geteuid(), "127.0.0.1", 1);
            check_user(NOBODY, "::ffff:127.0.0.1", 0);
            check_user(geteuid(), "::ffff:127.0.0.1", 1);
        }
        process_discard(&systemfd);
    }
}

/* The kernel gives user 0, like root's, for a client that has closed its end. */
static void test_not_for_who_has_closed(void **state)
{
    char *page;

    (void)state;
    put("output", output);
    START_BROKEN("-s", "http::0");
    for (int i = 0; i < 50; i++)
        close(begin_request(ports[0], "/"));
    page = ask_as(curl); /* clients are still served */
    assert_has(page, "make: compiling");
    free(page);
}

static void test_for_all_users_by_option(void **state)
{
    (void)state;
    need_root();
    put("output", output);
    START_BROKEN("-s", "http::0", "--error-page-for", "localhost");
    for (int i = 0; i < 2; i++) {
        char *page = ask_as_user(NOBODY, "127.0.0.1", i ? browser : curl, 0);
        assert_has(page, "make: compiling");
        free(page);
    }
}

/* Makes two network namespaces with a cable between them. This process, and what it starts, move
 * into the first; `other_machine` is in the second. */
static void lay_cable(void)
{
    static const char *const sleeper[] = {"unshare", "-n", "sh", "-c", "echo there; exec sleep 60",
                                          NULL};

    own_network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own_network < 0 || unshare(CLONE_NEWNET) < 0)
        skip_because("no network of its own can be made here");
    process_start(&other_machine, &(struct launch){.argv = sleeper});
    assert_non_null(process_line(&other_machine));
    if (shell_status(
            NULL,
            "ip link set lo up && ip link add here type veth peer name there netns %ld && "
            "ip addr add 192.0.2.1/30 dev here && ip link set here up && nsenter -t %ld -n "
            "sh -c 'ip addr add 192.0.2.2/30 dev there && ip link set there up'",
            (long)other_machine.pid, (long)other_machine.pid) != 0)
        skip_because("ip(8) cannot lay a cable here");
}

static void test_not_for_other_machines(void **state)
{
    static const char ask[] = "exec 3<>/dev/tcp/192.0.2.1/$1; cat request >&3; cat <&3";
    char *page;

    (void)state;
    need_root();
    lay_cable();
    put("output", output);
    put("request", curl);
    START_BROKEN("-s", "http::*:0");
    find_port();
    page = shell("cd %s && nsenter -t %ld -n bash -c '%s' - %d", project, (long)other_machine.pid,
                 ask, ports[0]);
    assert_whole(page);
    assert_has_not(page, "make: compiling");
    assert_has(page, "You are another user or on another machine");
    free(page);
    page = shell("cd %s && bash -c '%s' - %d", project, ask, ports[0]); /* from this machine */
    assert_has(page, "make: compiling");
    free(page);
}

static int end_other_machine(void **state)
{
    if (other_machine.text)
        process_discard(&other_machine);
    if (own_network >= 0 && setns(own_network, CLONE_NEWNET) == 0)
        close(own_network);
    return remove_project(state);
}

/* ---- When there is a page ---- */

static void test_server_does_not_start(void **state)
{
    char *page;

    (void)state;
    put("text", "broken");
    START("-s", "http::0", "--watch", ".", "--build", "echo of the build", "--", "server", "ready");
    expect("~> server 1 died before it was ready");
    page = ask_as(curl);
    assert_whole(page);
    assert_has(page, "The server does not start");
    assert_has(page, " is broken\n");
    assert_has_not(page, "of the build");
    free(page);
    put("text", "one");
    expect_ready(2);
    assert_answers(ports[0], "one");
}

static void test_server_ends(void **state)
{
    char *page;

    (void)state;
    START("-s", "http::0", "--watch", ".", "--", "server");
    expect_ready(1);
    free(ask(ports[0], "/exit/0"));
    expect("~> server 1 ended by itself");
    page = ask_as(curl);
    assert_whole(page);
    assert_has(page, "The server ended");
    assert_has(page, " begins: ");
    free(page);
}

/* After a single crash clients just wait; if the server crashes again and again, they get the page.
 */
static void test_server_crashes(void **state)
{
    char *page;

    (void)state;
    START("-s", "http::0", "--watch", ".", "--", "server");
    for (unsigned generation = 1; generation <= 4; generation++) {
        expect_ready(generation);
        WAIT_UNTIL(answers(ports[0], "hello"));
        free(ask(ports[0], "/segv"));
        expect("~> starting it again in ");
    }
    page = ask_as(curl);
    assert_whole(page);
    assert_has(page, "The server crashed");
    free(page);
    expect_ready(5);
    WAIT_UNTIL(answers(ports[0], "hello"));
}

/* While the old server answers, no client gets a page. */
static void test_no_page_beside_a_server(void **state)
{
    (void)state;
    put("output", "");
    START("-s", "http::0", "--watch", "output", "--build", BUILD_COMMAND, "--", "server");
    expect_ready(1);
    put("output", "broken\n");
    expect("~> the build failed after ");
    assert_int_equal(children_of(systemfd.pid), 1);
    for (int i = 0; i < 20; i++)
        assert_answers(ports[0], "hello");
}

static void test_page_goes(void **state)
{
    (void)state;
    put("output", "broken\n");
    START_BROKEN("-s", "http::0");
    assert_true(is_page(ports[0]));
    for (unsigned generation = 1; generation <= 5; generation++) {
        mend(generation);
        WAIT_UNTIL(children_of(systemfd.pid) == 1);
        for (int i = 0; i < 10; i++)
            assert_answers(ports[0], "hello");
        free(ask(ports[0], "/exit/0"));
        expect("~> server ");
        assert_true(is_page(ports[0]));
        put("output", "broken\n");
        expect("~> the build failed after ");
        assert_true(is_page(ports[0]));
    }
}

/* Clients that come after a change wait for its outcome, even while the delay runs. */
static void test_page_goes_with_the_change(void **state)
{
    (void)state;
    put("output", output);
    START_BROKEN("-s", "http::0", "--delay", "60000");
    WAIT_UNTIL(is_page(ports[0]));
    assert_int_equal(children_of(systemfd.pid), 1);
    put("output", "");
    WAIT_UNTIL(children_of(systemfd.pid) == 0);
}

static void test_several_http_sockets(void **state)
{
    (void)state;
    put("output", "broken\n");
    START_BROKEN("-s", "http::0", "-s", "a=http::0", "-s", "b=http::0");
    for (int i = 0; i < 3; i++)
        assert_true(is_page(ports[i]));
    mend(1);
    for (int i = 0; i < 3; i++)
        WAIT_UNTIL(answers(ports[i], "hello"));
}

/* ---- Clients that wait instead ---- */

static int is_answered(int fd)
{
    struct pollfd answer = {.fd = fd, .events = POLLIN};

    return poll(&answer, 1, 0) > 0;
}

static void assert_answered_by_server(int fd)
{
    char *answer = finish_request(fd);

    assert_has(answer, "HTTP/1.1 200 OK\r\n");
    assert_has(answer, "\r\n\r\nhello ");
    free(answer);
}

/* Other sockets may not speak HTTP, so their clients wait. */
static void test_other_sockets_queue(void **state)
{
    static const char *const others[] = {"tcp::0", "https::0"};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        int waiting;
        put("output", "broken\n");
        START_BROKEN("-s", others[i], "-s", "http::0");
        if (ports[0] == 0) /* it is shown as an address, not as a URL */
            ports[0] = atoi(strstr(systemfd.text, "127.0.0.1:") + strlen("127.0.0.1:"));
        waiting = begin_request(ports[0], "/");
        for (int j = 0; j < 10; j++)
            assert_true(is_page(ports[1]));
        assert_false(is_answered(waiting));
        mend(1);
        assert_answered_by_server(waiting);
        process_discard(&systemfd);
    }
}

static void test_no_error_page(void **state)
{
    int waiting;

    (void)state;
    put("output", "broken\n");
    START_BROKEN("--no-error-page", "-s", "http::0");
    waiting = begin_request(ports[0], "/");
    assert_int_equal(children_of(systemfd.pid), 0); /* there is no process that could answer */
    put("output", "broken again\n");
    expect("~> the build failed after ");
    assert_false(is_answered(waiting));
    mend(1);
    assert_answered_by_server(waiting);
}

#define GATED_BUILD "echo building; cat ../gate; ! test -e ../broken"

/* From the first build on, a request waits for the outcome: the server, or the page. */
static void test_requests_wait_for_a_build(void **state)
{
    int waiting;
    char *answer;

    (void)state;
    in_project("mkfifo ../gate; touch ../broken");
    START("-s", "http::0", "--watch", ".", "--build", GATED_BUILD, "--", "server");
    expect("building");
    waiting = begin_request(ports[0], "/");
    in_project("echo go >../gate");
    expect("~> the build failed after ");
    answer = finish_request(waiting);
    assert_whole(answer);
    free(answer);

    in_project("rm ../broken; touch file");
    expect("building");
    WAIT_UNTIL(children_of(systemfd.pid) == 1); /* only the build; the page is gone */
    waiting = begin_request(ports[0], "/");
    assert_false(is_answered(waiting));
    in_project("echo go >../gate");
    expect_ready(1);
    assert_answered_by_server(waiting);
}

/* ---- Difficult clients ---- */

static int is_closed(int fd)
{
    char byte;

    return is_answered(fd) && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static void break_again(void)
{
    free(ask(ports[0], "/exit/0"));
    put("output", "broken\n");
    expect("~> the build failed after ");
}

/* Browsers connect in advance and send nothing. Neither this page nor the next one waits for them,
 * or for a client that sends slowly. */
static void test_silent_clients(void **state)
{
    enum { SILENT = 4 };
    long long start;
    int silent[SILENT], dripping;

    (void)state;
    put("output", "broken\n");
    START_BROKEN("-s", "http::0");
    for (int i = 0; i < SILENT; i++)
        silent[i] = connect_port(ports[0]);
    dripping = connect_port(ports[0]);
    assert_int_equal(send(dripping, "GET", 3, MSG_NOSIGNAL), 3);
    start = now_ms();
    for (int i = 0; i < 5; i++)
        assert_true(is_page(ports[0]));
    mend(1);
    assert_answers(ports[0], "hello");
    break_again();
    WAIT_UNTIL(is_page(ports[0]));
    assert_true(now_ms() - start < 4000); /* less than PATIENCE_MS (visit.c) for one of them */
    for (int i = 0; i < SILENT; i++) {
        WAIT_UNTIL(is_closed(silent[i]));
        close(silent[i]);
    }
    close(dripping);
}

/* A client that has connected, but sends no request before the page goes, does not get the page
 * later. */
static void test_no_stale_page(void **state)
{
    int early, asking;
    char *answer;

    (void)state;
    put("output", "broken\n");
    START_BROKEN("-s", "http::0");
    early = connect_port(ports[0]);
    asking = connect_port(ports[0]);
    assert_int_equal(send(asking, "GET / HT", 8, MSG_NOSIGNAL), 8);
    assert_true(is_page(ports[0])); /* so both have been accepted */
    mend(1);
    send(early, curl, strlen(curl), MSG_NOSIGNAL);
    answer = finish_request(early);
    assert_string_equal(answer, "");
    free(answer);
    answer = finish_request(asking); /* half a request was answered at once */
    assert_whole(answer);
    free(answer);
    assert_answers(ports[0], "hello");
}

/* A byte now and then does not extend the deadline. */
static void test_one_deadline(void **state)
{
    long long start;
    int dripping;

    (void)state;
    put("output", "broken\n");
    START_BROKEN("-s", "http::0");
    start = now_ms();
    dripping = connect_port(ports[0]);
    for (int i = 0; !is_closed(dripping); i++) {
        assert_true(now_ms() - start < 9000);
        send(dripping, "x", 1, MSG_NOSIGNAL);
        poll(NULL, 0, 300);
    }
    assert_true(now_ms() - start > 4000);
    assert_true(is_page(ports[0]));
    close(dripping);
}

/* One process serves all clients. Requests are answered, however many clients send none. */
static void test_crowd(void **state)
{
    enum { CROWD = 400 };
    int crowd[CROWD];

    (void)state;
    put("output", "broken\n");
    START_BROKEN("-s", "http::0");
    for (int i = 0; i < CROWD; i++)
        crowd[i] = connect_port(ports[0]);
    for (int i = 0; i < 5; i++)
        assert_true(is_page(ports[0]));
    assert_int_equal(children_of(systemfd.pid), 1);
    mend(1);
    WAIT_UNTIL(answers(ports[0], "hello"));
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
}

/* Starts a process that accepts clients, as a server that is still stopping may. Kill it. */
static pid_t start_thief(int listener)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            close(accept(listener, NULL, NULL));
    assert_true(pid > 0);
    return pid;
}

/* Another process may accept a client between poll(2) and accept(2). The clients that the responder
 * has are still served. */
static void test_somebody_else_accepts(void **state)
{
    int listener, pidfd, waiting;
    char *answer;
    pid_t thief;

    (void)state;
    put("output", "broken\n");
    START_BROKEN("-s", "http::0");
    pidfd = (int)syscall(SYS_pidfd_open, systemfd.pid, 0);
    listener = pidfd >= 0 ? (int)syscall(SYS_pidfd_getfd, pidfd, 3, 0) : -1;
    if (listener < 0)
        skip_because("pidfd_getfd(2) is not there (Linux 5.6), or not allowed");
    assert_int_equal(port_of_socket(listener), ports[0]);
    waiting = connect_port(ports[0]);
    assert_true(is_page(ports[0])); /* so `waiting` has been accepted */
    thief = start_thief(listener);
    for (int i = 0; i < 300; i++)
        close(connect_port(ports[0]));
    assert_int_equal(send(waiting, curl, strlen(curl), MSG_NOSIGNAL), (int)strlen(curl));
    answer = finish_request(waiting);
    kill(thief, SIGKILL);
    waitpid(thief, NULL, 0);
    assert_whole(answer);
    free(answer);
    close(listener);
    close(pidfd);
    mend(1);
    WAIT_UNTIL(answers(ports[0], "hello"));
}

/* Clients that are gone before they read the answer. */
static void test_clients_that_do_not_read(void **state)
{
    (void)state;
    put("output", "broken\n");
    START_BROKEN("-s", "http::0");
    for (int i = 0; i < 20; i++)
        close(begin_request(ports[0], "/"));
    assert_true(is_page(ports[0]));
    mend(1);
    WAIT_UNTIL(answers(ports[0], "hello"));
}

/* The client gets the page although the body of its request was not read. */
static void test_upload(void **state)
{
    static char body[300000];
    int fd;
    char *answer;

    (void)state;
    put("output", "broken\n");
    START_BROKEN("-s", "http::0");
    memset(body, 'x', sizeof body);
    snprintf(body, sizeof body, "POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\nx");
    fd = connect_port(ports[0]);
    for (size_t sent = 0; sent < sizeof body;) {
        ssize_t now = send(fd, body + sent, sizeof body - sent, MSG_NOSIGNAL);
        assert_true(now > 0);
        sent += (size_t)now;
    }
    answer = finish_request(fd);
    assert_whole(answer);
    free(answer);
}

/* ---- In Chromium ---- */

static void open_error_page(const char *host)
{
    char expression[96];

    open_page(host, "");
    snprintf(expression, sizeof expression, "location.hostname == '%s'", host);
    WAIT_UNTIL(holds(expression));
    WAIT_UNTIL(holds("document.title == 'The build failed'"));
}

static void test_chromium(void **state)
{
    static const char *const strangers[] = {"shop.test", "printer.local", "mybox"};

    (void)state;
    skip_without_chromium();
    free(shell("cp examples/hello.c '%s/hello.c' && cp listenfd.[ch] '%s'", project, project));
    put("Makefile", "server: server.o listenfd.o\n\t$(CC) -o $@ server.o listenfd.o\n");
    in_project("{ echo '#error \"<script>window.owned = 1</script>\"'; cat hello.c; } >server.c");
    START("-s", "http::0", "--watch", "server.c", "--build",
          "make -s CFLAGS=-fdiagnostics-color=always", "--", "./server");
    expect("~> the build failed after ");
    start_chromium();

    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        open_error_page(strangers[i]);
        WAIT_UNTIL(holds("document.body.innerText.includes('DNS rebinding')"));
        assert_false(holds("document.body.innerText.includes('window.owned')"));
    }
    open_error_page("app.localhost");
    WAIT_UNTIL(holds("document.body.innerText.includes('window.owned')"));
    open_error_page("127.0.0.1");
    WAIT_UNTIL(holds("document.body.innerText.includes('<script>window.owned = 1</script>')"));
    WAIT_UNTIL(holds("window.owned === undefined && document.scripts.length == 0"));
    WAIT_UNTIL(holds("document.querySelectorAll('pre span').length > 0"));
    take_screenshot();
    in_project("cp hello.c server.c");
    expect_ready(1);
    WAIT_UNTIL(holds("document.body.innerText.startsWith('hello from process ')"));
    stop_chromium();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_html),
        TEST(test_places_on_windows),
        TEST(test_html_of_cut_sequences),
        TEST(test_not_for_strangers),
        TEST(test_hosts_by_option),
        TEST(test_requests_without_a_host),
        TEST(test_not_for_other_users),
        TEST(test_not_for_other_users_of_ipv6),
        TEST(test_not_for_who_has_closed),
        TEST(test_for_all_users_by_option),
        cmocka_unit_test_setup_teardown(test_not_for_other_machines, create_project,
                                        end_other_machine),
        TEST(test_html_fetches_nothing),
        TEST(test_plain_text),
        TEST(test_long_output),
        TEST(test_long_line),
        TEST(test_binary_output),
        TEST(test_no_output),
        TEST(test_server_does_not_start),
        TEST(test_server_ends),
        TEST(test_server_crashes),
        TEST(test_no_page_beside_a_server),
        TEST(test_page_goes),
        TEST(test_page_goes_with_the_change),
        TEST(test_several_http_sockets),
        TEST(test_other_sockets_queue),
        TEST(test_no_error_page),
        TEST(test_requests_wait_for_a_build),
        TEST(test_silent_clients),
        TEST(test_no_stale_page),
        TEST(test_one_deadline),
        TEST(test_crowd),
        TEST(test_somebody_else_accepts),
        TEST(test_clients_that_do_not_read),
        TEST(test_upload),
        cmocka_unit_test_setup_teardown(test_chromium, create_project, end_chromium),
    };

    return cmocka_run_group_tests(tests, find_programs_and_orphans, NULL);
}
