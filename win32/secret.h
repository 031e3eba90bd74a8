/* SPDX-License-Identifier: MIT
 * A secret that only the command, and the programs that it trusts, know on this machine. */
#ifndef SYSTEMFD_SECRET_H
#define SYSTEMFD_SECRET_H

enum { SECRET_LENGTH = 36 };

/* Makes a random UUID of version 4 (RFC 9562) with the system's generator. Exits if that fails. */
void secret_create(char secret[SECRET_LENGTH + 1]);

/* Compares SECRET_LENGTH characters. The time it takes does not tell how many are right. */
int secret_equals(const char *secret, const char *given);

#endif
