/* SPDX-License-Identifier: MIT */
#include "git_command.h"

#include "devserver/files.h"
#include "process.h"
#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ; /* NOLINT(readability-redundant-declaration): not every unistd.h has it */

/* Removes what was set for another repository, but not where git finds its configuration. Lets git
 * neither ask the user nor write to the repository. */
static void clean_environment(void)
{
    char name[256];

    for (char **variable = environ; *variable;) {
        size_t length = strcspn(*variable, "=");
        if (strncmp(*variable, "GIT_", 4) == 0 && strncmp(*variable, "GIT_CONFIG_", 11) != 0 &&
            length < sizeof name) {
            memcpy(name, *variable, length);
            name[length] = '\0';
            unsetenv(name);
            variable = environ;
        } else {
            variable++;
        }
    }
    unsetenv("GIT_CONFIG_PARAMETERS");
    unsetenv("GIT_CONFIG_COUNT");
    setenv("GIT_OPTIONAL_LOCKS", "0", 1);
    setenv("GIT_TERMINAL_PROMPT", "0", 1);
}

/* core.fsmonitor may name a hook, which is not ours to run. */
static void execute(const char *folder, int in, int out, const char *const *arguments)
{
    const char *command[16] = {"git", "--no-pager", "-c", "core.fsmonitor=false"};
    size_t count = 4;

    while (*arguments && count < 15)
        command[count++] = *arguments++;
    command[count] = NULL;
    clean_environment();
    if (dup2(in >= 0 ? in : open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO) < 0 ||
        dup2(out, STDOUT_FILENO) < 0 ||
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO) < 0 || chdir(folder) < 0)
        _exit(1);
    execvp(command[0], (char **)(void *)command);
    _exit(127);
}

/* A pipe that blocks would stall systemfd. */
static int open_pipe(int ends[2], int ours)
{
    if (pipe(ends) < 0)
        return 0;
    if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 &&
        fcntl(ends[ours], F_SETFL, O_NONBLOCK) == 0)
        return 1;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

pid_t git_start(const char *folder, const char *const *arguments, int *in, int *out)
{
    int to[2] = {-1, -1}, from[2];
    pid_t pid;

    if (!open_pipe(from, 0))
        return 0;
    if (in && !open_pipe(to, 1)) {
        close(from[0]);
        close(from[1]);
        return 0;
    }
    pid = fork_child();
    if (pid == 0)
        execute(folder, to[0], from[1], arguments);
    close(from[1]);
    if (in)
        close(to[0]);
    if (pid > 0) {
        *out = from[0];
        if (in)
            *in = to[1];
        return pid;
    }
    close(from[0]);
    if (in)
        close(to[1]);
    return 0;
}

char *git_join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = allocated(malloc(size));

    if (strcmp(folder, ".") == 0 || *folder == '\0')
        snprintf(path, size, "%s", name);
    else
        snprintf(path, size, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    return path;
}

char *git_find_tree(const char *folder)
{
    char *tree = allocated(strdup(folder)), *mark, *slash;
    int found;

    for (;;) {
        mark = git_join(tree, ".git");
        found = file_exists(mark);
        free(mark);
        if (found)
            return tree;
        slash = strrchr(tree, '/');
        if (!slash || tree[1] == '\0')
            break;
        slash[slash == tree] = '\0';
    }
    free(tree);
    return NULL;
}
