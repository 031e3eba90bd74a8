/* SPDX-License-Identifier: MIT
 * Runs systemfd as a development server, one at a time: starts it in a folder of its own, reads its
 * output line by line, sends it HTTP requests, and leaves nothing of it after each test. */
#ifndef DEVSERVER_H
#define DEVSERVER_H

#include "process.h"
#include "test.h"

extern struct process systemfd;
extern char *project; /* the folder it runs in; files beside that folder are not watched */
extern int ports[8];  /* the ports of its sockets, in order; 0 for a socket that is not TCP */

/* Setup of the group: find_programs, and becomes the parent of orphans (PR_SET_CHILD_SUBREAPER). */
int find_programs_and_orphans(void **state);

/* Setup and teardown of each test. */
int create_project(void **state);
int remove_project(void **state);
#define TEST(function) cmocka_unit_test_setup_teardown(function, create_project, remove_project)

/* Starts systemfd with these arguments, and reads the lines about its sockets. */
#define START(...) start_systemfd((const char *const[]){"systemfd", __VA_ARGS__, NULL})
void start_systemfd(const char *const *argv);

/* ---- Its output ---- */

/* The next line with that beginning, skipping others. Fails the test when none comes in time. */
const char *expect(const char *beginning);

/* Waits until the server of that generation is ready; returns the process ID of its leader. */
pid_t expect_ready(unsigned generation);

/* How many lines of the whole output so far have that beginning, also those not yet expected. */
size_t count_lines(const char *beginning);

/* ---- Its answers ---- */

/* The whole answer to a request for that path; "" if the connection ended without one. */
char *ask(int port, const char *path);

/* The same in two steps: connects and sends the request; then returns the answer. */
int begin_request(int port, const char *path);
char *finish_request(int fd);

/* Is that the first word of the answer's body? For WAIT_UNTIL. */
int answers(int port, const char *word);

/* Fails the test unless the answer's body begins so. */
void assert_answers(int port, const char *word);

/* ---- Files in the project ---- */

/* Writes a file. */
void put(const char *name, const char *content);

/* Runs a shell command in the project. Fails the test unless its exit status is 0. */
void in_project(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The number of lines in a file; 0 if there is none. */
size_t lines_of(const char *name);

/* ---- Processes ---- */

/* The number of living children, without systemfd's guardian (posix/guardian.h). */
size_t children_of(pid_t parent);

/* The number of living processes in a process group. */
size_t members_of(pid_t group);

/* The number of children that are zombies. */
size_t zombies_of(pid_t parent);

/* The processor time that the process has used so far. */
long processor_time_ms(pid_t pid);

/* Waits until systemfd ends. Fails the test unless it ends with that exit status (or by that
 * signal) and no process that it started is left. */
void assert_exits(int status);
void assert_dies_of(int signal);

/* Has systemfd ended? It is not reaped. */
int systemfd_has_ended(void);

/* Checks that the shell command, run in the project, ends with status 2 and prints the sentence. */
void assert_refused(const char *command, const char *sentence);

/* ---- Waiting ---- */

/* The time of a clock that only goes forward. */
long long now_ms(void);

/* One pause of WAIT_UNTIL; fails the test if the deadline has passed. */
void look_again(long long deadline, const char *condition);

/* Looks again and again until the condition holds; fails the test after the deadline. */
#define WAIT_UNTIL(condition)                                             \
    do                                                                    \
        for (long long deadline_ = now_ms() + DEADLINE_MS; !(condition);) \
            look_again(deadline_, #condition);                            \
    while (0)

#endif
