/* SPDX-License-Identifier: MIT
 * systemfd as a development server, one at a time: started in a folder of its own, followed
 * line by line, asked over HTTP; and after each test nothing of it is left. */
#ifndef DEVSERVER_H
#define DEVSERVER_H

#include "process.h"
#include "test.h"

extern struct process systemfd;
extern char *project; /* the folder it runs in; what stands beside it is not watched */
extern int ports[8];  /* those of its sockets, in order; 0 where it is not TCP */

/* For the group: find_programs, and adopts every orphan (PR_SET_CHILD_SUBREAPER). */
int find_programs_and_orphans(void **state);

int create_project(void **state);
int remove_project(void **state);
#define TEST(function) cmocka_unit_test_setup_teardown(function, create_project, remove_project)

/* Starts systemfd with these arguments, and reads the lines about its sockets. */
#define START(...) start_systemfd((const char *const[]){"systemfd", __VA_ARGS__, NULL})
void start_systemfd(const char *const *argv);

/* ---- What it says ---- */

/* The next line that begins so; those before it are skipped. */
const char *expect(const char *beginning);

/* Server GENERATION is ready; the process ID of its leader. */
pid_t expect_ready(unsigned generation);

/* How many lines there were so far, read or not, that begin so. */
size_t count_lines(const char *beginning);

/* ---- What it answers ---- */

/* The whole answer to a request for that path; "" when it was ended without one. */
char *ask(int port, const char *path);

/* Connects and sends such a request: for finish_request, which returns the whole answer. */
int begin_request(int port, const char *path);
char *finish_request(int fd);

/* Is that the first word of the answer's body now? As a condition to wait for, and as one
 * that has to hold. */
int answers(int port, const char *word);
void assert_answers(int port, const char *word);

/* ---- Files in the project ---- */

void put(const char *name, const char *content);

/* Runs a shell command there; its exit status is 0. */
void in_project(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Lines of a file. */
size_t lines_of(const char *name);

/* ---- Processes ---- */

/* Those that live: children of one, but not systemfd's guardian (posix/guardian.h); members of a
 * process group. And its zombies. */
size_t children_of(pid_t parent);
size_t members_of(pid_t group);
size_t zombies_of(pid_t parent);

/* What the processor has done for it so far. */
long processor_time_ms(pid_t pid);

/* Waits for systemfd's end. Fails unless it is by that exit status (or signal), and nothing
 * that it started is left. */
void assert_exits(int status);
void assert_dies_of(int signal);

/* It has, and is not waited for yet. */
int systemfd_has_ended(void);

/* The shell command, run in the project, ends with status 2 and says that. */
void assert_refused(const char *command, const char *sentence);

/* ---- Waiting ---- */

long long now_ms(void);
void look_again(long long deadline, const char *condition);

/* Looks again and again until the condition holds; fails the test after the deadline. */
#define WAIT_UNTIL(condition)                                             \
    do                                                                    \
        for (long long deadline_ = now_ms() + DEADLINE_MS; !(condition);) \
            look_again(deadline_, #condition);                            \
    while (0)

#endif
