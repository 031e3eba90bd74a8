/* SPDX-License-Identifier: MIT
 * systemfd on its way to becoming the command, while the system fails: either the command gets
 * its sockets, or there is one sentence and a documented exit status; never a signal, and no
 * socket file is left. `make faults` tries every error of each call, `make check` one. */
#include "injector/injector.h"
#include "injector/suite.h"

#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FOUND_ITS_SOCKETS = 42,
    MOST_CALLS = 12 /* of one kind: looking for the holder of a port reads all of /proc */
};

/* The command: it got that many sockets, and the protocol's variables say so. */
#define FINDS(count, last)                                             \
    "--", "sh", "-c",                                                  \
        "test \"$LISTEN_FDS\" = " count " && test -S /proc/self/fd/3 " \
        "&& test -S /proc/self/fd/" last " && exit 42; exit 43"

static char *folder, *log_path, *socket_path;
static char address_in_use[64], port_in_use[32];
static int all_errors; /* of each call, not just one */
static size_t faults_tried;

/* ---- Paths through systemfd ---- */

static void nothing_there(void)
{
}

static void a_dead_socket_there(void)
{
    close(unix_socket(SOCK_STREAM, socket_path));
}

static void a_file_there(void)
{
    write_file(socket_path, "precious");
}

static const struct path {
    const char *name;
    const char *argv[16];
    int status;
    void (*prepare)(void);
    int passed; /* sockets that systemfd itself is passed */
} paths[] = {
    {"tcp", {"systemfd", "-s", "web=0", FINDS("1", "3")}, 42, nothing_there, 0},
    {"several",
     {"systemfd", "--reuse-port", "-s", "tcp6::0", "-s", "udp::0", "-s", "http::*:0", "-s",
      "[::1%lo]:0", FINDS("4", "6")},
     42,
     nothing_there,
     0},
    {"unix", {"systemfd", "-s", "unix::sock,mode=600", FINDS("1", "3")}, 42, nothing_there, 0},
    {"dead unix", {"systemfd", "-q", "-s", "./sock", FINDS("1", "3")}, 42, a_dead_socket_there, 0},
    {"file", {"systemfd", "-s", "./sock", FINDS("1", "3")}, 1, a_file_there, 0},
    {"unix and in use",
     {"systemfd", "-s", "unix-seqpacket::sock", "-s", address_in_use, FINDS("2", "4")},
     1,
     nothing_there,
     0},
    {"inherited",
     {"systemfd", "--no-pid", "-s", "unix-datagram::sock", FINDS("2", "4")},
     42,
     nothing_there,
     1},
    {"told otherwise",
     {"systemfd", "--placeholders", "--export", "start_server", "--export", "einhorn", "-s", "0",
      FINDS("1", "3"), "{fd} {address}"},
     42,
     nothing_there,
     0},
    {"no command", {"systemfd", "-s", "./sock", "--", "./nosuch"}, 127, nothing_there, 0},
    {"not a program", {"systemfd", "-s", "./sock", "--", "/dev/null"}, 126, nothing_there, 0},
    {"closed streams",
     {"sh", "-c", "exec systemfd -s ./sock -- sh -c 'test -S /proc/self/fd/3 && exit 42' <&- >&-"},
     42,
     nothing_there,
     0},
    {"help", {"systemfd", "--help"}, 0, nothing_there, 0},
    {"version", {"systemfd", "-V"}, 0, nothing_there, 0},
    {"mistake", {"systemfd", "--nosuch"}, 2, nothing_there, 0},
    {"bad spec", {"systemfd", "-s", "nosuch::1", "--", "true"}, 2, nothing_there, 0},
};

/* ---- One run ---- */

struct fault {
    const char *call;
    unsigned number;
    int error;
};

static struct process systemfd;

static void start(const struct path *path, const char *fault)
{
    char fault_variable[96], log_variable[128];
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    const char *variables[8] = {fault_variable, log_variable, "ASAN_OPTIONS=detect_leaks=0"};

    snprintf(fault_variable, sizeof fault_variable, "FAULT=%s", fault);
    snprintf(log_variable, sizeof log_variable, "FAULT_LOG=%s", log_path);
    if (path->passed) {
        variables[3] = "LISTEN_FDS=1";
        variables[4] = "LISTEN_FDNAMES=web";
        variables[5] = "LISTEN_PID=$PID";
    }
    path->prepare();
    process_start(&systemfd, &(struct launch){.argv = path->argv,
                                              .environ_ = variables,
                                              .folder = folder,
                                              .descriptors = &listener,
                                              .count = (size_t)path->passed});
    close(listener);
}

static void clean_up(void)
{
    process_discard(&systemfd);
    unlink(socket_path);
    unlink(log_path);
}

static char *read_log(void)
{
    static char text[65536];
    FILE *file = fopen(log_path, "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;

    text[length] = '\0';
    if (file)
        fclose(file);
    return text;
}

/* ---- What must hold ---- */

static int is_one_of(const char *call, const char *list)
{
    const char *found = strstr(list, call);

    return found && found[strlen(call)] == ' ';
}

/* What it would say it with, fails. */
static int cannot_speak(const struct fault *fault)
{
    return is_one_of(fault->call, "fprintf vfprintf printf fputs fputc fwrite fflush ");
}

/* Which exit status the failure of a call may lead to. */
static int is_documented(int status, const struct fault *fault)
{
    if (is_one_of(fault->call, "execvp access "))
        return status == 126 || status == 127;
    if (is_one_of(fault->call, "if_nametoindex if_indextoname "))
        return status == 2;
    return status == 1;
}

/* Its one line that is no report. */
static const char *find_sentence(void)
{
    const char *sentence = NULL;

    for (const char *line = systemfd.text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (*line == '\0' || strncmp(line, "~> ", 3) == 0)
            continue;
        assert_null(sentence);
        sentence = line;
    }
    assert_non_null(sentence);
    assert_int_equal(strncmp(sentence, "systemfd: ", 10), 0);
    assert_true(strlen(sentence) > 20);
    return sentence;
}

/* What the call's error means to the user. */
static void check_reason(const struct fault *fault)
{
    static const char *const known[] = {"out of memory", "is in use",
                                        "is not open",   "cannot find the command",
                                        "interpreter",   "there is no network interface"};
    const char *sentence = find_sentence();
    int found = strstr(sentence, strerror(fault->error)) != NULL;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        found |= strstr(sentence, known[i]) != NULL;
    assert_true(found);
}

/* A file of the user's is as it was; of a socket that was bound, nothing is left: unless it was
 * not to be seen which file that is. */
static void check_socket_path(const struct path *path, const struct fault *fault)
{
    int is_there = access(socket_path, F_OK) == 0;

    if (path->prepare == a_file_there)
        assert_true(is_there);
    if (path->prepare == nothing_there && !is_one_of(fault->call, "lstat unlink "))
        assert_false(is_there);
}

static void check_run(const struct path *path, const struct fault *fault)
{
    int status = process_wait(&systemfd);

    assert_true(status == path->status || is_documented(status, fault));
    if (status == FOUND_ITS_SOCKETS || status == 0)
        return;
    check_socket_path(path, fault);
    if (cannot_speak(fault))
        return;
    if (status == path->status)
        find_sentence();
    else
        check_reason(fault);
}

/* ---- All runs ---- */

static const struct path *current_path;
static struct fault current_fault;

/* Afterwards: what a test was about, if it failed. */
static int print_run(void **state)
{
    (void)state;
    if (!current_path)
        return 0;
    print_message("path: %s; call %u of %s fails: %s\n", current_path->name, current_fault.number,
                  current_fault.call, strerror(current_fault.error));
    show_text(systemfd.text);
    current_path = NULL;
    clean_up();
    return 0;
}

static void run_with_fault(const struct path *path, const struct fault *fault)
{
    char text[64];

    current_fault = *fault;
    snprintf(text, sizeof text, "%s:%u:%d", fault->call, fault->number, fault->error);
    start(path, text);
    check_run(path, fault);
    if (fault->number == 1)
        assert_non_null(strstr(read_log(), fault->call)); /* it did fail */
    clean_up();
    faults_tried++;
}

static unsigned count_of(const char *call, const char *log)
{
    size_t length = strlen(call);
    unsigned count = 0;

    for (; log && *log; log = strchr(log, '\n')) {
        log += *log == '\n';
        count += strncmp(log, call, length) == 0 && log[length] == '\n';
    }
    return count;
}

/* Every call that the path makes, one failing at a time. */
static void fail_everything(const struct path *path)
{
    struct fault fault = {"no call", 0, 0};
    char *log;

    current_path = path;
    current_fault = fault;
    start(path, "*");
    check_run(path, &fault);
    log = strdup(read_log());
    clean_up();
    for (const struct call *call = calls; call->name; call++) {
        unsigned count = count_of(call->name, log);
        fault.call = call->name;
        for (fault.number = 1; fault.number <= count && fault.number <= MOST_CALLS; fault.number++)
            for (size_t i = 0; call->errors[i] && (i == 0 || all_errors); i++) {
                fault.error = call->errors[i];
                run_with_fault(path, &fault);
            }
    }
    free(log);
    current_path = NULL;
}

static void test_path(void **state)
{
    fail_everything(*state);
}

/* Where the kernel has no IPv6, or has it switched off, every host is every IPv4 host. */
static void test_every_host_without_ipv6(void **state)
{
    static const struct path path = {
        "every host", {"systemfd", "-s", "*:0", FINDS("1", "3")}, 42, nothing_there, 0};
    static const struct fault faults[] = {{"socket", 1, EAFNOSUPPORT}, {"bind", 1, EADDRNOTAVAIL}};

    (void)state;
    current_path = &path;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char text[64];
        current_fault = faults[i];
        snprintf(text, sizeof text, "%s:1:%d", faults[i].call, faults[i].error);
        start(&path, text);
        assert_int_equal(process_wait(&systemfd), FOUND_ITS_SOCKETS);
        assert_non_null(strstr(systemfd.text, "socket 0.0.0.0:"));
        clean_up();
    }
    current_path = NULL;
}

/* ---- Before and after ---- */

static int holder;

static int prepare(void **state)
{

    find_faulty_systemfd(state);
    all_errors = all_faults_wanted();
    folder = folder_create();
    log_path = path_in(folder, "log");
    socket_path = path_in(folder, "sock");
    holder = internet_socket(SOCK_STREAM, "127.0.0.1");
    snprintf(port_in_use, sizeof port_in_use, "%d", port_of_socket(holder));
    snprintf(address_in_use, sizeof address_in_use, "127.0.0.1:%s", port_in_use);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    print_message("%zu faults\n", faults_tried);
    close(holder);
    free(log_path);
    free(socket_path);
    folder_remove(folder);
    return 0;
}

int main(void)
{
    enum { PATHS = sizeof paths / sizeof paths[0] };
    struct CMUnitTest tests[PATHS + 1] = {
        [PATHS] = cmocka_unit_test_teardown(test_every_host_without_ipv6, print_run)};

    for (size_t i = 0; i < PATHS; i++)
        tests[i] = (struct CMUnitTest){.name = paths[i].name,
                                       .test_func = test_path,
                                       .teardown_func = print_run,
                                       .initial_state = (void *)(uintptr_t)&paths[i]};
    return cmocka_run_group_tests(tests, prepare, finish);
}
