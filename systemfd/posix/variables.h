/* SPDX-License-Identifier: MIT
 * Sets environment variables for the command. Exits with a message when one cannot be set. */
#ifndef SYSTEMFD_VARIABLES_H
#define SYSTEMFD_VARIABLES_H

void set_variable(const char *name, const char *value);
void set_number(const char *name, unsigned long long number);

#endif
