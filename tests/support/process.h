/* SPDX-License-Identifier: MIT
 * Runs other programs: starts them in a process group of their own, with the descriptors and
 * variables that the test wants, waits for them with deadlines, and kills them in the end.
 *
 * The descriptors get their numbers in the forked child, just before exec, because in the test's
 * own process any number may be in use. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>
#include <sys/types.h>

struct launch {
    const char *const *argv;     /* ended by NULL; argv[0] is looked up in PATH */
    const char *const *environ_; /* "NAME=value" ..., ended by NULL; "$PID" is the child's ID */
    const int *descriptors;      /* they become first, first + 1, ... in the child */
    size_t count;
    int first;          /* 0 means 3 */
    const char *folder; /* the folder it runs in; NULL: the test's own */
};

struct process {
    pid_t pid;  /* also its process group */
    int output; /* its standard output and error */
    char *text; /* the output read so far */
    size_t length, consumed;
};

/* The absolute path of $BUILD, or else of "build"; for free(). */
char *build_folder(void);

/* Setup of the group: puts the built programs into PATH, and this program's path into $SELF. */
int find_programs(void **state);

/* Starts a program. In the child, variables of the protocol that the test inherited are removed
 * first, and every descriptor above 2 that is not in the list is closed. */
void process_start(struct process *process, const struct launch *launch);

/* The next line of output, without its newline; NULL at the end of the output. Fails the test after
 * the deadline. Valid until the next call. */
const char *process_line(struct process *process);

/* Reads lines until one has that beginning, and returns it. Fails the test if none has. */
const char *process_line_with(struct process *process, const char *beginning);

/* Waits for its end, and kills the rest of its process group. Returns the exit status, or 128 + the
 * signal. text then holds the whole output, until process_discard. */
int process_wait(struct process *process);

void process_signal(const struct process *process, int number);

/* Kills the rest of its process group, and frees everything. For a process in any state, if it was
 * started. */
void process_discard(struct process *process);

/* Runs a shell command and returns its output, for free(). If its exit status is not 0, shows the
 * output and fails the test. */
char *shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs a shell command and returns its exit status. Unless output is NULL, *output becomes its
 * output, for free(). */
int shell_status(char **output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the whole text beside the result of a test; NULL is "". */
void show_text(const char *text);

/* Is there such a program in PATH? */
int have_program(const char *name);

#endif
