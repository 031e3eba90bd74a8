/* SPDX-License-Identifier: MIT
 * When changes have come to rest: a checkout of a thousand files is one restart, and a lone save
 * hardly waits. git and some editors save in steps: they remove the file, make it anew, and write
 * it. On a busy machine that takes longer; so a file that is gone, empty, or made and not yet
 * written is waited for as if several had changed. */
#ifndef SYSTEMFD_DEBOUNCE_H
#define SYSTEMFD_DEBOUNCE_H

/* With delay_ms 0 or more (--delay), they are at rest after that time without a change; with -1,
 * after a time that depends on how many there are. */
void debounce_setup(int delay_ms);

/* A change was made at that time; path may be NULL. */
void debounce_add(const char *path, long long when);

/* A file was made that did not exist before. It is a change when its writer closes it. */
void debounce_new_file(void);

/* When the first change that waits was made; 0: none waits. */
long long debounce_began(void);

/* When they are at rest, if nothing more changes. */
long long debounce_due_at(void);

/* The end of all waiting, whatever goes on. */
long long debounce_deadline(void);

/* A restart begins, for all changes so far. */
void debounce_take(void);

#endif
