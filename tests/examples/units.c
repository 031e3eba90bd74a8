/* SPDX-License-Identifier: MIT
 * The units of examples/systemd, as they are: systemd-analyze finds nothing to say about them, and
 * the real systemd runs them. Each test boots a throwaway system (tests/interop/boot-systemd),
 * where a shell script installs the examples, and asks them with this program: `units ask KIND
 * WHERE`. */
#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The client, inside the booted system ---- */

static void ask_http(const char *port)
{
    char *answer = ask(atoi(port), "/"), *body = strstr(answer, "\r\n\r\n");

    printf("%s", body ? body + 4 : answer);
    free(answer);
}

static void ask_udp(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char answer[64];
    ssize_t got;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(send(fd, "ping\n", 5, 0), 5);
    got = recv(fd, answer, sizeof answer, 0);
    printf("%.*s", got > 0 ? (int)got : 0, answer);
    close(fd);
}

static void ask_unix(const char *path)
{
    char *answer = finish_request(connect_path(SOCK_STREAM, path));

    printf("%s", answer);
    free(answer);
}

static int client(const char *kind, const char *where)
{
    if (strcmp(kind, "http") == 0)
        ask_http(where);
    else if (strcmp(kind, "udp") == 0)
        ask_udp(where);
    else
        ask_unix(where);
    return 0;
}

/* ---- The system, seen from the test ---- */

#define PROLOGUE                                                                       \
    "install -D -t /usr/local/bin \"$BUILD\"/examples/hello \"$BUILD\"/examples/poll " \
    "\"$BUILD\"/examples/connection \"$BUILD\"/examples/epoll \"$BUILD\"/systemfd "    \
    "\"$BUILD\"/tests/support/waits \"$BUILD\"/tests/support/keeper\n"                 \
    "ask() { \"$BUILD\"/tests/examples/units ask \"$@\"; }\n"                          \
    "stop() { systemctl stop \"$1\" 2>/dev/null; systemctl show -p ExecMainCode -p "   \
    "ExecMainStatus \"$1\"; }\n"

/* Lines for a section of reload.service, each ended by "\n". */
#define CHANGE(section, lines)                                                        \
    "mkdir -p /run/boot/units/reload.service.d\n"                                     \
    "printf '[" section "]\n" lines "' >/run/boot/units/reload.service.d/test.conf\n" \
    "systemctl daemon-reload\n"
#define RUN(server) \
    "ExecStart=\nExecStart=/usr/local/bin/systemfd --restart-on-hup -- /usr/local/bin/" server "\n"

static struct process machine;

static int find_build(void **state)
{
    (void)state;
    return setenv("BUILD", "build", 0);
}

static int scrap_machine(void **state)
{
    (void)state;
    if (machine.output > 0)
        process_discard(&machine);
    return 0;
}

/* Boots, and runs the script to its end: what it printed can then be read. */
static void boot(const char *script)
{
    const char *const argv[] = {
        "tests/interop/boot-systemd", "examples/systemd", "sh", "-euc", script, NULL};
    const char *const variables[] = {"BOOT_TIMEOUT=50", NULL}; /* before our own deadline */
    int status;

    process_start(&machine, &(struct launch){.argv = argv, .environ_ = variables});
    status = process_wait(&machine);
    if (status == 77)
        skip_because("%s", process_line(&machine));
    if (status != 0)
        fail_msg("exit status %d, after:\n%s", status, machine.text ? machine.text : "");
}

static void expect_line(const char *expected)
{
    assert_string_equal(process_line(&machine), expected);
}

static long expect_hello(void)
{
    static const char beginning[] = "hello from process ";
    const char *line = process_line(&machine);

    assert_non_null(line);
    assert_memory_equal(line, beginning, strlen(beginning));
    return atol(line + strlen(beginning));
}

/* Of tests/support/waits. */
static long expect_waits(void)
{
    const char *line = process_line(&machine);

    assert_non_null(line);
    assert_memory_equal(line, "hello ", 6);
    return atol(line + 6);
}

/* By itself, with exit status 0. */
static void expect_clean_end(void)
{
    expect_line("ExecMainCode=1"); /* CLD_EXITED */
    expect_line("ExecMainStatus=0");
}

/* ---- Tests ---- */

/* In a root of their own, with the programs, and the targets that every socket refers to. */
static void test_verify(void **state)
{
    char *folder, *output;

    (void)state;
    if (!have_program("systemd-analyze"))
        skip_because("systemd-analyze is missing: install systemd");
    folder = folder_create();
    output =
        shell("mkdir -p %s/etc/systemd/system && cp examples/systemd/* %s/etc/systemd/system && "
              "install -D -t %s/usr/local/bin \"$BUILD\"/examples/hello "
              "\"$BUILD\"/examples/poll \"$BUILD\"/examples/connection "
              "\"$BUILD\"/examples/epoll \"$BUILD\"/systemfd && "
              "install -D -t %s/usr/bin /usr/bin/kill /usr/bin/systemd-notify && "
              "for target in sysinit basic sockets shutdown; do "
              "echo '[Unit]' >%s/etc/systemd/system/$target.target; done && "
              "systemd-analyze verify --root=%s $(cd examples/systemd && ls) 2>&1",
              folder, folder, folder, folder, folder, folder);
    folder_remove(folder);
    assert_string_equal(output, "");
    free(output);
}

/* From 0, the best, to 100: what is below 10 systemd calls safe. */
static void test_exposure(void **state)
{
    (void)state;
    if (!have_program("systemd-analyze"))
        skip_because("systemd-analyze is missing: install systemd");
    free(shell("systemd-analyze security --offline=yes --threshold=10 --no-pager "
               "examples/systemd/epoll.service 2>&1"));
}

static void test_simple(void **state)
{
    long first;

    (void)state;
    boot(PROLOGUE "ask http 5000\n"
                  "systemctl restart hello.service\n"
                  "ask http 5000\n"
                  "stop hello.service\n"
                  "ask http 5000\n"
                  "systemctl stop hello.service hello.socket\n"
                  "systemctl start hello.service\n"
                  "systemctl is-active hello.socket\n"
                  "ask http 5000\n");
    first = expect_hello();
    assert_int_not_equal(expect_hello(), first);
    expect_clean_end();
    expect_hello();
    expect_line("active");
    expect_hello();
}

static void test_named(void **state)
{
    (void)state;
    boot(PROLOGUE "ask udp 5001\n"
                  "ask http 5001\n"
                  "ask http 5001\n"
                  "ask unix /run/poll-admin.sock\n"
                  "stat -c %a /run/poll-admin.sock\n"
                  "stop poll.service\n"
                  "ask unix /run/poll-admin.sock\n");
    expect_line("ping");
    expect_hello();
    expect_hello();
    expect_line("2 requests, 1 datagrams");
    expect_line("600");
    expect_clean_end();
    expect_line("0 requests, 0 datagrams");
}

static void test_accept(void **state)
{
    long first;

    (void)state;
    boot(PROLOGUE "ask http 5002\n"
                  "ask http 5002\n"
                  "systemctl show -p NAccepted connection.socket\n");
    first = expect_hello();
    assert_int_not_equal(expect_hello(), first);
    expect_line("NAccepted=2");
}

/* What it says of itself holds: no root, no capabilities, system calls filtered, own network. */
static void test_hardened(void **state)
{
    (void)state;
    boot(PROLOGUE
         "ask http 5003\n"
         "pid=$(systemctl show -P MainPID epoll.service)\n"
         "awk '/^(Uid|CapBnd|NoNewPrivs|Seccomp):/ { print $1, $2 != 0 }' /proc/$pid/status\n"
         "test \"$(readlink /proc/$pid/ns/net)\" != \"$(readlink /proc/self/ns/net)\" && echo own\n"
         "stop epoll.service\n");
    expect_hello();
    expect_line("Uid: 1");
    expect_line("CapBnd: 0");
    expect_line("NoNewPrivs: 1");
    expect_line("Seccomp: 1");
    expect_line("own");
    expect_clean_end();
}

/* ---- Reloads ---- */

/* It returns when the new server is ready, even if that takes a while. */
static void test_reload(void **state)
{
    long first;

    (void)state;
    boot(PROLOGUE CHANGE("Service",
                         RUN("waits epoll 700")) "ask http 5004\n"
                                                 "pid=$(systemctl show -P MainPID reload)\n"
                                                 "systemctl reload reload\n"
                                                 "ask http 5004\n"
                                                 "systemctl show -P StatusText reload\n"
                                                 "test \"$(systemctl show -P MainPID reload)\" "
                                                 "= $pid && echo same\n"
                                                 "systemctl stop reload 2>/dev/null\n"
                                                 "systemctl show -P Result reload\n");
    first = expect_waits();
    assert_int_not_equal(expect_waits(), first);
    assert_non_null(strstr(process_line_with(&machine, "server 2 runs (process "), "process"));
    expect_line("same");
    expect_line("success");
}

static void test_broken_version(void **state)
{
    (void)state;
    boot(PROLOGUE "ask http 5004\n"
                  "mv /usr/local/bin/epoll /usr/local/bin/other\n"
                  "systemctl reload reload\n"
                  "systemctl show -P ActiveState reload\n"
                  "systemctl status reload | grep Status:\n"
                  "ask http 5004\n"
                  "mv /usr/local/bin/other /usr/local/bin/epoll\n"
                  "systemctl reload reload\n"
                  "systemctl show -P StatusText reload\n");
    expect_hello();
    expect_line("active");
    process_line_with(&machine, "     Status: \"server 2 died before it was ready: exit status "
                                "127; server 1 runs (process ");
    expect_hello();
    process_line_with(&machine, "server 3 runs (process ");
}

/* The start fails at once, as it does where systemd starts the server itself. */
static void test_broken_first_version(void **state)
{
    (void)state;
    boot(PROLOGUE CHANGE("Service",
                         RUN("missing")) "systemctl start reload 2>/dev/null || echo failed\n"
                                         "echo result $(systemctl show -P Result reload) \\\n"
                                         "$(systemctl show -P ExecMainStatus reload)\n"
                                         "systemctl show -P StatusText reload\n");
    process_line_with(&machine, "failed"); /* systemd may log between these lines */
    process_line_with(&machine, "result exit-code 127");
    process_line_with(&machine, "stopping; server 1 died before it was ready: exit status 127");
}

/* $RELOADS of them: 100 of them take seconds, and are too long for each time. */
static void test_reloads_under_load(void **state)
{
    (void)state;
    boot(PROLOGUE "systemctl start reload\n"
                  "\"$BUILD\"/tests/load/load 4 5004 1 >/run/load &\n"
                  "for _ in $(seq ${RELOADS:-8}); do systemctl reload reload; done\n"
                  "kill $!; wait $! || true\n"
                  "tail -n 1 /run/load\n"
                  "test \"$(systemctl show -P StatusText reload | cut -d ' ' -f 2)\" = "
                  "$((${RELOADS:-8} + 1)) && echo all\n");
    assert_non_null(strstr(process_line(&machine), " 0 refused, 0 reset, 0 lost, "));
    expect_line("all");
}

/* The server does not say WATCHDOG=1: systemd ends all, as it does where it is the service itself.
 */
static void test_missed_watchdog(void **state)
{
    (void)state;
    boot(PROLOGUE CHANGE("Service", "WatchdogSec=300ms\n" RUN(
                                        "waits says 0 READY=1")) "systemctl start reload\n"
                                                                 "until systemctl is-failed -q "
                                                                 "reload; do sleep 0.1; done\n"
                                                                 "systemctl show -P Result "
                                                                 "reload\n");
    process_line_with(&machine, "watchdog"); /* systemd reports it, too */
}

#define RUN_FOR_CLIENTS(way, server)                                                               \
    CHANGE("Service",                                                                              \
           "ExecStart=\nExecStart=/usr/local/bin/systemfd " way " -- /usr/local/bin/" server "\n") \
    "systemctl restart reload\n"                                                                   \
    "systemctl show -P ActiveState reload\n"                                                       \
    "systemctl show -P StatusText reload\n"                                                        \
    "ask http 5004\n"                                                                              \
    "systemctl reload reload\n"                                                                    \
    "ask http 5004\n"

/* The unit is up as soon as its sockets are. */
static void test_started_by_clients(void **state)
{
    (void)state;
    boot(PROLOGUE RUN_FOR_CLIENTS("--lazy", "epoll") RUN_FOR_CLIENTS("--accept", "connection"));
    for (int i = 0; i < 2; i++) {
        expect_line("active");
        expect_line(i == 0 ? "waiting for a client" : "accepting connections");
        expect_hello();
        expect_hello();
    }
}

/* What a server has stored outlives systemfd, too: a memfd, and a listener that it has opened. */
static void test_descriptor_store(void **state)
{
    (void)state;
    boot(PROLOGUE CHANGE(
        "Service",
        "FileDescriptorStoreMax=8\nRestrictAddressFamilies=AF_UNIX AF_INET\n" RUN(
            "keeper state listener=reload.socket listener=own serve")) "ask http 5004\n"
                                                                       "systemctl reload reload\n"
                                                                       "ask http 5004\n"
                                                                       "systemctl restart reload\n"
                                                                       "ask http 5004\n"
                                                                       "systemctl reload reload\n"
                                                                       "ask http 5004\n"
                                                                       "systemctl show -P "
                                                                       "NFileDescriptorStore "
                                                                       "reload\n");
    for (int starts = 1; starts <= 4; starts++) {
        int told = 0;
        sscanf(process_line(&machine), "keeper %*d %d", &told);
        assert_int_equal(told, starts);
    }
    expect_line("2");
}

#define BOOTED(test) cmocka_unit_test_teardown(test, scrap_machine)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_exposure),
        BOOTED(test_simple),
        BOOTED(test_named),
        BOOTED(test_accept),
        BOOTED(test_hardened),
        BOOTED(test_reload),
        BOOTED(test_broken_version),
        BOOTED(test_broken_first_version),
        BOOTED(test_reloads_under_load),
        BOOTED(test_missed_watchdog),
        BOOTED(test_started_by_clients),
        BOOTED(test_descriptor_store),
    };

    if (argc == 4 && strcmp(argv[1], "ask") == 0)
        return client(argv[2], argv[3]);
    return cmocka_run_group_tests(tests, find_build, NULL);
}
