/* SPDX-License-Identifier: MIT
 * What the user reads: "~> ..." lines and errors, all on standard error. */
#ifndef SYSTEMFD_REPORT_H
#define SYSTEMFD_REPORT_H

#include <stddef.h>

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* The exit statuses that are systemfd's own; any other is the command's. */
enum { EXIT_CANNOT_OPEN = 1, EXIT_USAGE = 2, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

/* on_terminal: standard error is a terminal. has_colors: it shows colours. */
void report_setup(enum color color, int quiet, int on_terminal, int has_colors);

/* Is standard error a terminal, where a person reads reports as they come? */
int report_on_terminal(void);

enum { REPORT_SIZE = 8192 + 64 }; /* each piece of text that is written is shorter */

/* From now on, everything is written by that function. */
void report_through(void (*write)(const char *text, size_t length));

/* Writes the line "~> text", unless quiet. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* To be called with what a child wrote to standard error: the next report begins on a new line. */
void report_below(const char *text, size_t length);

/* Clears the screen, on a terminal. */
void report_clear(void);

/* Writes a blank line, for people who press Enter to make room on the screen. */
void report_blank_line(void);

/* Writes the line "systemfd: message", even if quiet. */
void report_error(const char *message);

/* The same, and exits with that status. */
void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

/* From now on, die also calls that function, with the message, and errno as it was before die. */
void report_death_to(void (*tell)(int error, const char *message));

/* Returns what malloc(3) or the like has returned; exits with a message if that is NULL. */
void *allocated(void *memory);

/* Replaces with '?' each control character (C0, DEL, C1) and each byte that is not UTF-8: names of
 * files and processes must not forge lines, or control the terminal. report and die do it
 * themselves. */
void make_printable(char *text);

#endif
