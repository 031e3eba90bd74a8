/* SPDX-License-Identifier: MIT
 * Copies the recipes of docs/recipes.md as a reader would. Each section has commands and files; the
 * first line of a file is a comment with its name. A copy has the test's port in place of 5000. */
#ifndef RECIPE_H
#define RECIPE_H

/* Writes the section's files into the folder, and runs its commands up to the one that starts
 * systemfd. Returns that one, for free(). */
char *recipe_copy(const char *title, const char *folder, int port);

/* The last block of the section: the command after that of systemfd; for free(). */
char *recipe_last_command(const char *title);

#endif
