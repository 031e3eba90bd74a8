/* SPDX-License-Identifier: MIT
 * The recipes of docs/recipes.md, as a reader copies them: each section has files, whose first
 * line is a comment with their name, and commands. Where the page says port 5000, a copy has
 * the port of the test. */
#ifndef RECIPE_H
#define RECIPE_H

/* Writes the section's files into the folder and runs the commands before that of systemfd,
 * which is returned, for free(). */
char *recipe_copy(const char *title, const char *folder, int port);

/* The command after that of systemfd, for free(). */
char *recipe_last_command(const char *title);

#endif
