/* SPDX-License-Identifier: MIT
 * Restarts under load: entr restarts the example server again and again, while clients open one
 * connection after another. No client notices. */
#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char *folder;
static struct process server, load; /* after a failed test, clean_up ends them */

enum { RESTARTS = 30, CLIENTS = 8, RETRIGGER_MS = 400 };

static int set_up(void **state)
{
    (void)state;
    folder = folder_create();
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    if (load.output)
        process_discard(&load);
    if (server.output)
        process_discard(&server);
    folder_remove(folder);
    return 0;
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The ID of the process that answers at that port. */
static long ask(int port)
{
    char *answer = exchange(connect_port(port), "GET / HTTP/1.0\r\n\r\n");
    const char *text = strstr(answer, "hello from process ");
    long pid;

    assert_non_null(text);
    pid = atol(text + strlen("hello from process "));
    free(answer);
    return pid;
}

/* Does entr wait for events? It drops them for some 50 ms after a restart, and then waits in
 * poll(2) without a timeout, which /proc shows: system call 7, third argument -1 (x86-64).
 * Elsewhere the result is always 1, and the caller changes the file again. */
static int is_listening_for_events(pid_t entr)
{
#ifdef __x86_64__
    char path[64];
    unsigned long long timeout = 0;
    long call = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/syscall", (long)entr);
    file = fopen(path, "r");
    if (!file)
        return 1;
    if (fscanf(file, "%ld %*s %*s %llx", &call, &timeout) != 2)
        call = -1; /* the file says "running" */
    fclose(file);
    return call == 7 && (timeout & 0xffffffff) == 0xffffffff;
#else
    (void)entr;
    return 1;
#endif
}

/* Changes the file until another process answers. Returns the ID of that process. */
static long restart(pid_t entr, int port, const char *file, long before)
{
    long long deadline = now_ms() + DEADLINE_MS, again = 0;
    long pid = before;

    while (pid == before && now_ms() < deadline) {
        if (now_ms() >= again && is_listening_for_events(entr)) {
            write_file(file, "changed\n");
            again = now_ms() + RETRIGGER_MS;
        }
        poll(NULL, 0, 2);
        pid = ask(port);
    }
    assert_int_not_equal(pid, before);
    return pid;
}

static void start_load(int port)
{
    char clients[16], port_text[16];
    const char *const argv[] = {"load", clients, port_text, NULL};

    snprintf(clients, sizeof clients, "%d", CLIENTS);
    snprintf(port_text, sizeof port_text, "%d", port);
    process_start(&load, &(struct launch){.argv = argv});
    process_line_with(&load, "started");
}

/* Ends the load. Its last line counts what went wrong, which must be nothing. */
static void stop_load(void)
{
    int status;

    process_signal(&load, SIGTERM);
    status = process_wait(&load);
    print_message("%s", load.text);
    assert_non_null(strstr(load.text, " requests, 0 refused, 0 reset, 0 lost, "));
    assert_int_equal(status, 0);
    process_discard(&load);
}

static void test_restarts_under_load(void **state)
{
    static const char command[] =
        "echo file >list; exec systemfd --no-pid -s http::0 -- entr -n -r hello <list";
    const char *const argv[] = {"sh", "-c", command, NULL};
    char *file;
    const char *line;
    long pids[RESTARTS + 1];
    int port;

    (void)state;
    if (!have_program("entr"))
        skip_because("entr is not installed");
    file = path_in(folder, "file");
    write_file(file, "");
    process_start(&server, &(struct launch){.argv = argv, .folder = folder});
    line = process_line_with(&server, "~> socket http://127.0.0.1:");
    port = atoi(strrchr(line, ':') + 1);
    start_load(port);

    pids[0] = ask(port);
    for (int i = 1; i <= RESTARTS; i++) {
        pids[i] = restart(server.pid, port, file, pids[i - 1]);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(pids[i], pids[j]);
    }

    stop_load();
    process_signal(&server, SIGTERM);
    process_wait(&server);
    process_discard(&server);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_restarts_under_load, set_up, clean_up),
    };

    return cmocka_run_group_tests(tests, find_programs, NULL);
}
