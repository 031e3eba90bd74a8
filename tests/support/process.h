/* SPDX-License-Identifier: MIT
 * Other programs: started in a process group of their own, with descriptors and variables
 * laid out for them, watched with deadlines, and gone in the end.
 *
 * The layout is made in the forked child, just before exec: no number is free for sure in
 * the test's own process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>
#include <sys/types.h>

struct launch {
    const char *const *argv;     /* ended by NULL; argv[0] is looked up in PATH */
    const char *const *environ_; /* "NAME=value" ..., NULL-ended; "$PID" stands for the child's */
    const int *descriptors;      /* what it finds at first, first + 1, ... */
    size_t count;
    int first;          /* 0: 3 */
    const char *folder; /* where it runs; NULL: here */
};

struct process {
    pid_t pid;  /* also its process group */
    int output; /* its standard output and error */
    char *text; /* what was read from there so far */
    size_t length, consumed;
};

/* $BUILD, or else build: an absolute path, for free(). */
char *build_folder(void);

/* For the group: what was built is found by its name, this program as $SELF. */
int find_programs(void **state);

/* Variables of the protocol that the test inherited are removed first, and every
 * descriptor above 2 that is not in the list is closed. */
void process_start(struct process *process, const struct launch *launch);

/* The next line of output, without its newline; NULL at the end of it. Fails the test after
 * the deadline. Valid until the next call. */
const char *process_line(struct process *process);

/* Lines are read until one begins so; it is returned. Fails the test when none does. */
const char *process_line_with(struct process *process, const char *beginning);

/* Waits for its end; returns the exit status, or 128 + the signal. text then holds the whole
 * output. Its process group is killed, and everything is freed by process_discard. */
int process_wait(struct process *process);

void process_signal(const struct process *process, int number);

/* Kills what is left of its group, and frees. Right for every state but "never started". */
void process_discard(struct process *process);

/* Runs a shell command to its end, checks that its exit status is 0 (or shows its output and
 * fails the test), and returns the output, for free(). */
char *shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit status of a shell command; the output goes to *output unless that is NULL. */
int shell_status(char **output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Shows the whole of it beside a test's result; nothing for NULL. */
void show_text(const char *text);

/* Is there such a program in PATH? */
int have_program(const char *name);

#endif
