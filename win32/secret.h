/* SPDX-License-Identifier: MIT
 * What distinguishes the command, and those it trusts, from everybody else on this machine. */
#ifndef SYSTEMFD_SECRET_H
#define SYSTEMFD_SECRET_H

enum { SECRET_LENGTH = 36 };

/* A random UUID of version 4 (RFC 9562), from the system's generator. */
void secret_create(char secret[SECRET_LENGTH + 1]);

/* Compares SECRET_LENGTH characters, in a time that does not tell how many are right. */
int secret_equals(const char *secret, const char *given);

#endif
