/* SPDX-License-Identifier: MIT
 * What the user reads: "~> ..." lines and errors, all on standard error. */
#ifndef SYSTEMFD_REPORT_H
#define SYSTEMFD_REPORT_H

#include <stddef.h>

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* The exit statuses that are systemfd's own; any other is the command's. */
enum { EXIT_CANNOT_OPEN = 1, EXIT_USAGE = 2, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

/* on_terminal: are reports read on a terminal, as they come? has_colors: does it show them? */
void report_setup(enum color color, int quiet, int on_terminal, int has_colors);
int report_on_terminal(void);

enum { REPORT_SIZE = 8192 + 64 }; /* what is written at a time is shorter */

/* From now on, all of it is written in that way. */
void report_through(void (*write)(const char *text, size_t length));

/* "~> text", unless quiet. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* To be told what a child wrote to standard error, so that the next report begins on a new line. */
void report_below(const char *text, size_t length);

/* Begins again with an empty screen, on a terminal. */
void report_clear(void);

/* Makes room on the screen, as Enter does. */
void report_blank_line(void);

/* "systemfd: message", even if quiet. */
void report_error(const char *message);

/* The same, and exit. */
void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

/* From now on, die tells it this, too, with the errno that it found. */
void report_death_to(void (*tell)(int error, const char *message));

/* What malloc(3) or the like has returned; exits with a message when that is NULL. */
void *allocated(void *memory);

/* Names of files and processes must not forge lines, or command the terminal: every control
 * character (C0, DEL, C1) becomes '?', and so does every byte that is no UTF-8. report and die
 * do it themselves. */
void make_printable(char *text);

#endif
