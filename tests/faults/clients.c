/* SPDX-License-Identifier: MIT
 * systemfd --lazy --accept while the system fails, once, at any place: either each client is served
 * in the end, if it comes again, or systemfd ends with a sentence; and nothing is left of it. `make
 * faults` tries every error of each call, `make check` a choice. */
#include "devserver.h"
#include "injector/injector.h"
#include "injector/suite.h"

#include "folder.h"
#include "sockets.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_CALLS = 30, PATIENCE_MS = 2000, SLICE_MS = 20 };

static int listener; /* passed to systemfd: it stays open whatever happens */
static int all_faults;
static size_t faults_tried;
static unsigned counts[MOST_ROWS]; /* how often each is called, by row of the table */

/* ---- One run ---- */

static void start(void)
{
    static const char *const argv[] = {"systemfd",   "--lazy", "--accept", "--inetd", "-s",
                                       "unix::sock", "--",     "echo",     "served",  NULL};
    const char *const variables[] = {fault_variable(), "FAULT_LOG=../log", "LISTEN_FDS=1",
                                     "ASAN_OPTIONS=detect_leaks=0", NULL};

    in_project("rm -f sock ../log");
    process_start(&systemfd, &(struct launch){.argv = argv,
                                              .environ_ = variables,
                                              .folder = project,
                                              .descriptors = &listener,
                                              .count = 1});
}

/* The process of one connection may have met the fault. */
static int is_served(void)
{
    struct timeval limit = {0, SLICE_MS * 1000};
    int fd = connect_port(port_of_socket(listener));
    char answer[16] = "";
    ssize_t got = -1;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    for (int i = 0; i < PATIENCE_MS / SLICE_MS && got < 0 && !systemfd_has_ended(); i++)
        got = recv(fd, answer, strlen("served\n"), MSG_WAITALL);
    close(fd);
    return strcmp(answer, "served\n") == 0;
}

static void serve_clients(void)
{
    for (int served = 0; served < 3 && !systemfd_has_ended();)
        served += is_served();
}

static void run(void)
{
    start();
    serve_clients();
    end_systemfd();
    check_end();
    process_discard(&systemfd);
}

/* ---- All runs ---- */

static void test_without_fault(void **state)
{
    (void)state;
    run();
    count_calls(counts);
    assert_true(counts[0] > 0);
}

/* The choice: the last call and one in the middle, when clients are there, with an error that
 * differs from call to call. */
static int is_chosen(size_t row, size_t error, size_t errors)
{
    int is_late = injected.number == counts[row] || injected.number == (counts[row] + 1) / 2;

    return all_faults || (is_late && error == row % errors);
}

static void test_call(void **state)
{
    const struct call *call = *state;
    size_t row = (size_t)(call - calls), errors = 0;

    while (call->errors[errors])
        errors++;
    injected.call = call->name;
    for (injected.number = 1; injected.number <= counts[row]; injected.number++)
        for (size_t i = 0; i < errors; i++)
            if (is_chosen(row, i, errors) && (injected.number <= MOST_CALLS || !all_faults)) {
                injected.error = call->errors[i];
                run();
                faults_tried++;
            }
}

/* ---- Before and after ---- */

static int prepare(void **state)
{
    all_faults = all_faults_wanted();
    listener = internet_socket(SOCK_STREAM, "127.0.0.1");
    find_programs_and_orphans(state);
    return find_faulty_systemfd(state);
}

static int finish(void **state)
{
    (void)state;
    print_message("%zu faults\n", faults_tried);
    close(listener);
    return 0;
}

int main(void)
{
    return run_rows("clients", test_without_fault, test_call, print_fault, prepare, finish);
}
