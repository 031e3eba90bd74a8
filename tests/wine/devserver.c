/* SPDX-License-Identifier: MIT
 * The development server on Windows: systemfd.exe under Wine, watched from outside. The
 * server is tests/win32/habits.c; what talks to it here is native. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *root, *build; /* of the repository, of what was built */
static const char *machine = "x86_64";

/* ---- Programs ---- */

/* Its path stays valid for eight more calls. */
static const char *program(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];

    if (strcmp(name, "systemfd.exe") == 0)
        snprintf(path, sizeof paths[0], "%s/%s-w64-mingw32/%s", build, machine, name);
    else
        snprintf(path, sizeof paths[0], "%s/tests/%s/%s", build, machine, name);
    return path;
}

static void need_wine(void)
{
    if (access("/usr/lib/wine/wine64", X_OK) != 0)
        skip_because("Wine is not installed");
    if (access(program("habits.exe"), R_OK) != 0)
        skip_because("%s-w64-mingw32-gcc is not installed", machine);
    if (strcmp(machine, "i686") == 0 && access(".cache/wine-i386/version", R_OK) != 0)
        skip_because("Wine's 32-bit part is missing: make deps fetches it");
}

static int find_build(void **state)
{
    (void)state;
    root = realpath(".", NULL);
    build = build_folder();
    assert_non_null(root);
    setenv("BUILD", build, 1);
    return 0;
}

/* Wine's disk is made first, for which no deadline holds. */
static int prepare_wine(void **state)
{
    char command[1024];
    int status = find_build(state);

    snprintf(command, sizeof command, "%s/tests/wine/run %s exit 0 </dev/null >/dev/null 2>&1",
             root, program("probe.exe"));
    (void)!system(command); /* if it cannot run, each test says so */
    return status;
}

/* In a console of its own, in which a connection to the port `control` is Ctrl-C. */
static int control;

static void start(const char *const *command, const char *const *options)
{
    char run[512];
    const char *argv[40] = {run};
    size_t count = 1;

    need_wine();
    snprintf(run, sizeof run, "%s/tests/wine/run", root);
    while (*command)
        argv[count++] = *command++;
    argv[count++] = program("systemfd.exe");
    while (*options)
        argv[count++] = *options++;
    process_start(&systemfd, &(struct launch){.argv = argv, .folder = project});
}

static int number_behind(const char *beginning)
{
    return atoi(expect(beginning) + strlen(beginning));
}

static void start_in_console(const char *const *options)
{
    start((const char *const[]){program("probe.exe"), "respawn", "1", NULL}, options);
    control = number_behind("control ");
    ports[0] = number_behind("~> socket http://127.0.0.1:");
}

#define START_WINE(...) start_in_console((const char *const[]){"-s", "http::0", __VA_ARGS__, NULL})
#define SERVER "--", program("habits.exe")

static void press_ctrl_c(void)
{
    close(connect_port(control));
}

/* ---- Processes ---- */

/* Wine puts each server into a group of its own, but all run in the project's folder. */
static int runs_here(const char *pid)
{
    char path[300], folder[300];
    ssize_t length;

    snprintf(path, sizeof path, "/proc/%s/cwd", pid);
    length = readlink(path, folder, sizeof folder - 1);
    folder[length > 0 ? length : 0] = '\0';
    return strcmp(folder, project) == 0;
}

/* Is its program, the first argument, of that name? "": of any. */
static int runs(const char *pid, const char *name)
{
    char path[300], line[512] = "";
    FILE *file;
    size_t length;

    snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    file = fopen(path, "r");
    length = file ? fread(line, 1, sizeof line - 1, file) : 0;
    if (file)
        fclose(file);
    return length > 0 && strstr(line, name) != NULL;
}

/* How many there are; the last one is put into *found. */
static size_t count_processes(const char *name, pid_t *found)
{
    DIR *listing = opendir("/proc");
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(listing);
    while ((entry = readdir(listing)) != NULL)
        if (*entry->d_name >= '1' && *entry->d_name <= '9' && runs_here(entry->d_name) &&
            runs(entry->d_name, name)) {
            count++;
            *found = (pid_t)atoi(entry->d_name);
        }
    closedir(listing);
    return count;
}

static size_t processes(const char *name)
{
    pid_t unused;

    return count_processes(name, &unused);
}

static int remove_wine_project(void **state)
{
    pid_t found;

    while (count_processes("", &found) > 0)
        kill(found, SIGKILL);
    machine = "x86_64";
    return remove_project(state);
}

#define WINE_TEST(function) \
    cmocka_unit_test_setup_teardown(function, create_project, remove_wine_project)

static int is_refused(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), refused;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    refused = connect(fd, (struct sockaddr *)&address, sizeof address) < 0;
    close(fd);
    return refused;
}

static void assert_nothing_is_left(void)
{
    WAIT_UNTIL(processes("habits.exe") == 0);
    WAIT_UNTIL(processes("systemfd.exe") == 0);
    WAIT_UNTIL(processes("cmd.exe") == 0);
    WAIT_UNTIL(is_refused(ports[0]));
}

/* With the status of a program that Ctrl-C has ended, 0xc000013a. */
static void end_by_ctrl_c(void)
{
    press_ctrl_c();
    assert_int_equal(strncmp(expect("ended "), "ended 3221225786", 16), 0);
    assert_nothing_is_left();
}

static void assert_said(const char *part)
{
    if (!strstr(systemfd.text, part)) {
        print_message("'%s' is not in:\n", part);
        show_text(systemfd.text);
        fail();
    }
}

/* "server 276 begins" without the number. */
static void expect_event(const char *event)
{
    const char *line = expect("server ");

    line = strchr(line + strlen("server "), ' ') + 1;
    if (strncmp(line, event, strlen(event)) != 0)
        print_message("expected '%s': %s\n", event, line);
    assert_int_equal(strncmp(line, event, strlen(event)), 0);
}

/* ---- Edit, build, start ---- */

#define BUILD_COMMAND \
    "if exist fail (echo source.c:12:3: it is ^<wrong^> & exit 3) else copy source text >nul"
#define START_BUILDING(...) \
    START_WINE("--watch", "source", "--build", BUILD_COMMAND, ##__VA_ARGS__, SERVER)

static void check_edit(const char *on)
{
    machine = on;
    put("source", "one\n");
    START_BUILDING("--settle", "100");
    expect("~> built in ");
    expect_ready(1);
    WAIT_UNTIL(answers(ports[0], "one"));
    put("source", "two\n");
    expect("~> changed: source");
    expect("~> built in ");
    expect_ready(2);
    WAIT_UNTIL(processes("habits.exe") == 1);
    assert_answers(ports[0], "two");
    end_by_ctrl_c();
    assert_said(" ends\r\n"); /* they were asked to */
}

static void test_edit_64(void **state)
{
    (void)state;
    check_edit("x86_64");
}

static void test_edit_32(void **state)
{
    (void)state;
    check_edit("i686");
}

static void test_failing_build(void **state)
{
    (void)state;
    put("source", "one\n");
    START_BUILDING();
    expect_ready(1);
    WAIT_UNTIL(answers(ports[0], "one"));
    put("fail", "");
    put("source", "two\n");
    expect("source.c:12:3: it is <wrong>");
    expect("~> the build failed after ");
    assert_said("exit status 3; the old server stays");
    for (int i = 0; i < 5; i++)
        assert_answers(ports[0], "one");
    in_project("rm fail");
    put("source", "three\n");
    expect_ready(2);
    WAIT_UNTIL(answers(ports[0], "three"));
}

/* The sockets are none of its business. */
static void test_build_gets_no_secret(void **state)
{
    (void)state;
    START_WINE("--restart-on-hup", "--build",
               "if defined SYSTEMFD_SOCKET_SECRET (echo it has it) else echo it has none", SERVER);
    expect("it has none");
    expect_ready(1);
    WAIT_UNTIL(answers(ports[0], "hello"));
}

/* On standard error: that the two streams are one is known only of consoles. */
static void test_report_begins_a_line(void **state)
{
    (void)state;
    START_WINE("--restart-on-hup", "--build", "<nul set /p unused=no end>&2", SERVER);
    expect("no end");
    assert_int_equal(strncmp(process_line(&systemfd), "~> built in ", 12), 0);
}

/* It is ended, and started over, with that option. */
static void test_change_during_a_build(void **state)
{
    char command[512];

    (void)state;
    snprintf(command, sizeof command, "if exist slow (%s wait) else echo quick",
             program("probe.exe"));
    put("source", "one\n");
    START_WINE("--watch", "source", "--restart-build", "--build", command, SERVER);
    expect("quick");
    expect_ready(1);
    put("slow", "");
    put("source", "two\n");
    expect("process "); /* the probe's */
    in_project("rm slow");
    put("source", "three\n");
    expect("quick");
    expect("~> built in ");
    expect_ready(2);
    WAIT_UNTIL(processes("probe.exe") == 1); /* the one that has the console */
    assert_int_equal(count_lines("~> the build failed"), 0);
}

/* A program that runs can be renamed, though not be written to. */
static void test_program_is_replaced(void **state)
{
    (void)state;
    need_wine();
    in_project("cp %s new.exe && cp new.exe server.exe", program("habits.exe"));
    put("text", "one\n");
    START_WINE("--watch", "text", "--build", "if exist fail (exit 3) else copy new.exe server.exe",
               "--move-aside", "server.exe", "--", "server.exe");
    for (unsigned generation = 1; generation <= 3; generation++) {
        expect_ready(generation);
        WAIT_UNTIL(processes("server.exe") == 1);
        put("text", generation % 2 ? "two\n" : "one\n");
    }
    expect_ready(4);
    assert_int_equal(count_lines("~> the build failed"), 0);
    WAIT_UNTIL(processes("server.exe") == 1);
    put("fail", "");
    put("text", "three\n");
    expect("~> the build failed after ");
    in_project("cmp new.exe server.exe"); /* it is back, if a crash wants it */
    assert_answers(ports[0], "two");
    end_by_ctrl_c();
    in_project("test -z \"$(find . -name '*systemfd*')\"");
}

/* ---- Servers ---- */

static void test_dies_before_it_is_ready(void **state)
{
    (void)state;
    put("text", "one\n");
    START_WINE("--watch", "text", "--settle", "3000", SERVER);
    expect_ready(1);
    put("text", "broken\n");
    expect("~> server 2 died before it was ready: exit status 3; the old server stays");
    assert_answers(ports[0], "one");
    put("text", "three\n");
    expect_ready(3);
    WAIT_UNTIL(answers(ports[0], "three"));
}

/* Once one has asked for its sockets, the next one is waited for until it does, too. */
static void test_late(void **state)
{
    const char *line;

    (void)state;
    put("text", "one\n");
    START_WINE("--watch", "text", SERVER, "late");
    expect_ready(1);
    WAIT_UNTIL(answers(ports[0], "one"));
    put("text", "two\n");
    line = expect("~> server 2 is ready after ");
    assert_non_null(strstr(line, ": it has taken its sockets (process "));
    assert_true(atof(line + strlen("~> server 2 is ready after ")) >= 1.5);
    WAIT_UNTIL(answers(ports[0], "two"));
}

/* listenfd_notify tells systemfd. From then on the next one has to say it, too. */
static void test_says_ready(void **state)
{
    (void)state;
    put("text", "one\n");
    put("go", "");
    START_WINE("--watch", "text", SERVER, "waits");
    expect_ready(1); /* because it says so, or on a busy machine, because it has its sockets */
    WAIT_UNTIL(answers(ports[0], "one"));
    in_project("rm go");
    put("text", "two\n");
    expect("~> changed: text");
    expect("server "); /* it begins */
    assert_answers(ports[0], "one");
    put("go", "");
    expect("~> server 2 is ready after ");
    WAIT_UNTIL(answers(ports[0], "two"));
}

static void test_command_is_missing(void **state)
{
    (void)state;
    need_wine();
    START_WINE("--watch", ".", "--settle", "0", "--", "late.exe");
    expect("systemfd: cannot find the command 'late.exe'");
    expect("~> server 1 died before it was ready: exit status 127; waiting for a change");
    in_project("cp %s new.exe && mv new.exe late.exe && echo >change", program("habits.exe"));
    expect_ready(2);
    WAIT_UNTIL(answers(ports[0], "hello"));
}

static void test_crashes(void **state)
{
    static const struct {
        const char *path, *how;
    } rows[] = {{"/exit/1", "exit status 1"},
                {"/fault", "0xc0000005, access violation"},
                {"/exit/255", "exit status 255"}};
    char line[96];
    int delay = 0;

    (void)state;
    START_WINE("--restart-on-hup", SERVER);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int before = delay;
        expect_ready(i + 1);
        WAIT_UNTIL(answers(ports[0], "hello"));
        free(ask(ports[0], rows[i].path));
        snprintf(line, sizeof line, "~> server %u crashed: %s", i + 1, rows[i].how);
        expect(line);
        delay = number_behind("~> starting it again in ");
        assert_true(delay > 0 && delay >= 2 * before);
    }
    expect_ready(4);
}

static void test_exit_on_failure(void **state)
{
    (void)state;
    START_WINE("--restart-on-hup", "--exit-on-failure", SERVER);
    expect_ready(1);
    WAIT_UNTIL(answers(ports[0], "hello"));
    free(ask(ports[0], "/exit/7"));
    assert_int_equal(number_behind("ended "), 7);
    assert_nothing_is_left();
}

static void test_workers(void **state)
{
    (void)state;
    put("text", "one\n");
    START_WINE("--watch", "text", "--workers", "2", SERVER);
    expect("~> server 1 is ready after ");
    WAIT_UNTIL(answers(ports[0], "one"));
    free(ask(ports[0], "/exit/7"));
    expect("~> starting it again in ");
    expect("~> worker ");
    put("text", "two\n");
    expect("~> worker 1 of server 2 is ready after ");
    expect("~> worker 2 of server 2 is ready after ");
    expect("~> server 2 is ready after ");
    for (int i = 0; i < 5; i++)
        WAIT_UNTIL(answers(ports[0], "two"));
}

static void test_stop_first(void **state)
{
    (void)state;
    put("text", "one\n");
    START_WINE("--watch", "text", "--stop-first", SERVER);
    WAIT_UNTIL(answers(ports[0], "one"));
    put("text", "two\n");
    expect_event("begins");
    expect_event("ends");
    expect_event("begins");
    WAIT_UNTIL(answers(ports[0], "two"));
}

/* With all that it has started. */
static void test_deaf_server(void **state)
{
    (void)state;
    put("text", "one\n");
    START_WINE("--watch", "text", "--stop-timeout", "1", SERVER, "deaf", "forking");
    expect_ready(1);
    WAIT_UNTIL(answers(ports[0], "one"));
    WAIT_UNTIL(processes("habits.exe") == 2);
    put("text", "two\n");
    expect("~> process ");
    assert_said("does not stop; killing it and its process group");
    WAIT_UNTIL(processes("habits.exe") == 2); /* the new one's */
    assert_answers(ports[0], "two");
    end_by_ctrl_c();
}

static void test_stop_signal(void **state)
{
    (void)state;
    put("text", "one\n");
    START_WINE("--watch", "text", "--stop-signal", "sigkill", "--stop-timeout", "1000", SERVER,
               "deaf", "forking");
    expect_ready(1);
    WAIT_UNTIL(processes("habits.exe") == 2);
    put("text", "two\n");
    expect_ready(2);
    WAIT_UNTIL(processes("habits.exe") == 2 && answers(ports[0], "two"));
    process_discard(&systemfd);

    start((const char *const[]){NULL},
          (const char *const[]){"--restart-on-hup", "--stop-signal", "TERM", SERVER, NULL});
    expect("systemfd: --stop-signal 'TERM' does not exist on Windows; expected BREAK");
    assert_int_equal(process_wait(&systemfd), 2);
}

static void test_what_windows_has_not(void **state)
{
    static const char *const options[] = {"--lazy",  "--accept",       "--inetd",
                                          "--stdin", "--placeholders", "--export=einhorn"};

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char sentence[64];
        start((const char *const[]){NULL},
              (const char *const[]){options[i], "-s", "0", SERVER, NULL});
        snprintf(sentence, sizeof sentence, "systemfd: %.*s is not there on Windows",
                 (int)strcspn(options[i], "="), options[i]);
        expect(sentence);
        assert_int_equal(process_wait(&systemfd), 2);
        process_discard(&systemfd);
    }
}

/* ---- Restarts by hand, and what counts as a change ---- */

static void test_restart_by_hand(void **state)
{
    static const char beginning[] = "~> restarts when the event ";
    char event[64];

    (void)state;
    START_WINE("--restart-on-hup", SERVER);
    snprintf(event, sizeof event, "%s", expect(beginning) + strlen(beginning));
    event[strcspn(event, " ")] = '\0';
    for (unsigned generation = 1; generation <= 2; generation++) {
        expect_ready(generation);
        free(shell("%s/tests/wine/run %s set %s", root, program("probe.exe"), event));
        expect("~> restarting: by hand");
    }
    expect_ready(3);
}

/* The next change that is reported is that one; none was left over from before. */
static void expect_change(const char *path, unsigned generation)
{
    const char *change = expect("~> changed: ") + strlen("~> changed: ");

    if (strncmp(change, path, strlen(path)) != 0)
        print_message("expected '%s': '%s'\n", path, change);
    assert_int_equal(strncmp(change, path, strlen(path)), 0);
    expect_ready(generation);
}

static void test_what_counts(void **state)
{
    (void)state;
    in_project("mkdir -p docs deep/er src");
    START_WINE("--watch", ".", "--ignore", "docs", "--ignore", "deep\\er\\*.LOG", "--settle", "0",
               SERVER);
    expect_ready(1);
    in_project("echo 1 >docs/page; echo 1 >deep/er/x.log; echo 1 >program.o; mkdir .git; "
               "echo 1 >.git/index; echo 1 >src/file");
    expect_change("src/file", 2);
    in_project("mkdir -p new/folder && echo 1 >new/folder/file");
    expect_change("new/folder/file", 3);
    in_project("rm -r new");
    expect_change("new/folder/file", 4);
    in_project("echo 2 >docs/other && mv docs/other src/file");
    expect_change("src/file", 5);
    in_project("echo 1 >'two words \303\244\342\202\254'");
    expect_change("two words \303\244\342\202\254", 6);
}

static void test_watched_folder_made_again(void **state)
{
    (void)state;
    in_project("mkdir src && echo 1 >src/file");
    START_WINE("--watch", "src\\", "--settle", "0", SERVER);
    expect_ready(1);
    in_project("rm -r src");
    expect("~> changed: src");
    expect_ready(2);
    in_project("mkdir src && echo 2 >src/other");
    expect("~> changed: src");
    assert_said("/other");
    expect_ready(3);
}

/* ---- The page ---- */

static char *ask_as_browser(int port)
{
    int fd = connect_port(port);
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n";

    assert_int_equal(send(fd, request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
    return finish_request(fd);
}

static void assert_in(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_message("'%s' is not in: %s\n", part, text);
    assert_non_null(strstr(text, part));
}

static void test_page(void **state)
{
    char *plain, *html;

    (void)state;
    put("source", "one\n");
    put("fail", "");
    START_BUILDING("--error-page-for", "localhost");
    expect("~> the build failed after ");
    for (int i = 0; i < 3; i++) {
        plain = ask(ports[0], "/");
        html = ask_as_browser(ports[0]);
        assert_in(plain, "HTTP/1.1 503 ");
        assert_in(plain, "text/plain");
        assert_in(plain, "The build failed\n\nsource.c:12:3: it is <wrong>");
        assert_in(html, "HTTP/1.1 503 ");
        assert_in(html, "text/html");
        assert_in(html, "<b class=\"at\">source.c:12:3</b>: it is &lt;wrong&gt;");
        free(plain);
        free(html);
    }
    in_project("rm fail");
    put("source", "two\n");
    expect_ready(1);
    for (int i = 0; i < 5; i++)
        assert_answers(ports[0], "two");
}

/* Who says nothing holds up neither others nor the end. */
static void test_page_with_silent_clients(void **state)
{
    int silent[20];

    (void)state;
    put("text", "broken\n");
    START_WINE("--watch", "text", "--settle", "3000", "--error-page-for", "localhost", SERVER);
    expect("~> server 1 died before it was ready: exit status 3; waiting for a change");
    for (int i = 0; i < 20; i++)
        silent[i] = connect_port(ports[0]);
    for (int i = 0; i < 3; i++) {
        char *plain = ask(ports[0], "/");
        assert_in(plain, "The server does not start\n\n");
        assert_in(plain, "is <broken>");
        free(plain);
    }
    end_by_ctrl_c();
    for (int i = 0; i < 20; i++)
        close(silent[i]);
}

/* For Windows this test is no process, and so another user's. */
static void test_page_is_for_its_user(void **state)
{
    char *plain;

    (void)state;
    put("source", "one\n");
    put("fail", "");
    START_BUILDING();
    expect("~> the build failed after ");
    plain = ask(ports[0], "/");
    assert_in(plain, "HTTP/1.1 503 ");
    assert_in(plain, "The build failed\n\nWhat was printed is in the terminal.");
    assert_in(plain, "You are another user");
    assert_null(strstr(plain, "source.c"));
    free(plain);
}

static void test_no_error_page(void **state)
{
    int waiting;
    char *answer;

    (void)state;
    put("source", "one\n");
    put("fail", "");
    START_BUILDING("--no-error-page");
    waiting = begin_request(ports[0], "/");
    expect("~> the build failed after ");
    in_project("rm fail");
    put("source", "two\n");
    expect_ready(1);
    answer = finish_request(waiting);
    assert_in(answer, "\r\n\r\ntwo ");
    free(answer);
}

/* ---- Under load ---- */

static void test_restarts_under_load(void **state)
{
    enum { RESTARTS = 30 };
    struct process load;
    char path[512], port[16], text[16], name[32];

    (void)state;
    put("text", "0\n");
    START_WINE("--watch", ".", "--ignore", "text", SERVER);
    expect_ready(1);
    WAIT_UNTIL(answers(ports[0], "0"));
    snprintf(path, sizeof path, "%s/tests/load/load", build);
    snprintf(port, sizeof port, "%d", ports[0]);
    process_start(&load, &(struct launch){.argv = (const char *[]){path, "4", port, NULL}});
    process_line_with(&load, "started");
    for (unsigned restart = 1; restart <= RESTARTS; restart++) {
        snprintf(text, sizeof text, "%u\n", restart);
        snprintf(name, sizeof name, "change-%u", restart); /* the same one each time waits */
        put("text", text);
        put(name, "");
        expect_ready(restart + 1);
        text[strlen(text) - 1] = '\0';
        WAIT_UNTIL(answers(ports[0], text)); /* now it can be asked to stop */
    }
    WAIT_UNTIL(processes("habits.exe") == 1);
    process_signal(&load, SIGTERM);
    if (process_wait(&load) != 0)
        print_message("%s\n", load.text);
    assert_non_null(strstr(load.text, " 0 refused, 0 reset, 0 lost"));
    process_discard(&load);
    assert_int_equal(count_lines("~> process "), 0); /* each ended by itself */
    end_by_ctrl_c();
}

/* ---- The end ---- */

static void test_end_of_all(void **state)
{
    (void)state;
    START_WINE("--restart-on-hup", SERVER, "forking");
    expect_ready(1);
    WAIT_UNTIL(processes("habits.exe") == 2);
    end_by_ctrl_c();
}

static void test_end_during_a_build(void **state)
{
    char command[512];

    (void)state;
    snprintf(command, sizeof command, "%s wait", program("probe.exe"));
    START_WINE("--restart-on-hup", "--build", command, SERVER);
    expect("process ");
    end_by_ctrl_c();
    WAIT_UNTIL(processes("probe.exe") == 0);
}

static void test_systemfd_is_killed(void **state)
{
    pid_t found;

    (void)state;
    START_WINE("--restart-on-hup", SERVER, "deaf", "forking");
    expect_ready(1);
    WAIT_UNTIL(processes("habits.exe") == 2);
    assert_int_equal(count_processes("systemfd.exe", &found), 1);
    assert_int_equal(kill(found, SIGKILL), 0);
    assert_nothing_is_left();
}

/* Nobody can be asked then: they are ended at once. */
static void test_without_console(void **state)
{
    (void)state;
    put("text", "one\n");
    start((const char *const[]){NULL},
          (const char *const[]){"-s", "http::0", "--watch", "text", "--stop-timeout", "1000",
                                SERVER, "forking", NULL});
    ports[0] = number_behind("~> socket http://127.0.0.1:");
    expect_ready(1);
    WAIT_UNTIL(processes("habits.exe") == 2);
    put("text", "two\n");
    expect_ready(2);
    WAIT_UNTIL(processes("habits.exe") == 2 && answers(ports[0], "two"));
    assert_int_equal(kill(-systemfd.pid, SIGINT), 0);
    assert_nothing_is_left();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WINE_TEST(test_edit_64),
        WINE_TEST(test_edit_32),
        WINE_TEST(test_failing_build),
        WINE_TEST(test_build_gets_no_secret),
        WINE_TEST(test_report_begins_a_line),
        WINE_TEST(test_change_during_a_build),
        WINE_TEST(test_program_is_replaced),
        WINE_TEST(test_dies_before_it_is_ready),
        WINE_TEST(test_late),
        WINE_TEST(test_says_ready),
        WINE_TEST(test_command_is_missing),
        WINE_TEST(test_crashes),
        WINE_TEST(test_exit_on_failure),
        WINE_TEST(test_workers),
        WINE_TEST(test_stop_first),
        WINE_TEST(test_deaf_server),
        WINE_TEST(test_stop_signal),
        WINE_TEST(test_what_windows_has_not),
        WINE_TEST(test_restart_by_hand),
        WINE_TEST(test_what_counts),
        WINE_TEST(test_watched_folder_made_again),
        WINE_TEST(test_page),
        WINE_TEST(test_page_with_silent_clients),
        WINE_TEST(test_page_is_for_its_user),
        WINE_TEST(test_no_error_page),
        WINE_TEST(test_restarts_under_load),
        WINE_TEST(test_end_of_all),
        WINE_TEST(test_end_during_a_build),
        WINE_TEST(test_systemfd_is_killed),
        WINE_TEST(test_without_console),
    };

    return cmocka_run_group_tests(tests, prepare_wine, NULL);
}
