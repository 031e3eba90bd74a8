/* SPDX-License-Identifier: MIT */
#include "process_tree.h"

#include "notify.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXEC_PAUSE_MS = 5, MOST_READS = 4 }; /* of a tree that keeps changing */

ssize_t read_proc(char *text, size_t size, const char *format, ...)
{
    char path[96];
    va_list arguments;
    ssize_t length;
    int fd;

    va_start(arguments, format);
    vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    length = read(fd, text, size - 1);
    close(fd);
    if (length >= 0)
        text[length] = '\0';
    return length;
}

/* The second field of /proc/PID/stat is the name, in parentheses, and may itself contain some. */
static int read_status(struct tree_process *process)
{
    unsigned long long user, system, children_user, children_system;
    char text[1024];
    const char *behind_name;

    if (read_proc(text, sizeof text, "/proc/%d/stat", (int)process->id) <= 0)
        return 0;
    behind_name = strrchr(text, ')');
    if (!behind_name ||
        sscanf(behind_name,
               ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu %*d %*d %ld %*d "
               "%llu",
               &process->state, &user, &system, &children_user, &children_system, &process->threads,
               &process->started) != 7)
        return 0;
    process->processor = user + system + children_user + children_system;
    return 1;
}

size_t process_threads(const struct tree_process *process, pid_t *threads, size_t room)
{
    char path[48];
    struct dirent *entry;
    size_t count = 0;
    DIR *folder;

    if (process->threads == 1 && room > 0) {
        threads[0] = process->id;
        return 1;
    }
    snprintf(path, sizeof path, "/proc/%d/task", (int)process->id);
    folder = opendir(path);
    while (folder && count < room && (entry = readdir(folder)) != NULL)
        if (*entry->d_name != '.')
            threads[count++] = (pid_t)atol(entry->d_name);
    if (folder)
        closedir(folder);
    return count;
}

/* The first thread may have ended before the others. */
static int lives(const struct tree_process *process)
{
    return (process->state != 'Z' || process->threads > 1) && process->state != 'X';
}

int process_read(struct tree_process *process, pid_t id)
{
    process->id = id;
    return read_status(process) && lives(process);
}

static void add(struct process_tree *tree, pid_t id, int parent)
{
    struct tree_process *process = &tree->list[tree->count];

    if (tree->count == MOST_PROCESSES)
        return;
    process->parent = parent;
    if (process_read(process, id))
        tree->count++;
}

/* ---- Children ---- */

/* Calls `found` for each process ID in a list from /proc. Each is followed by a space; without it,
 * the number was cut off at the end of the buffer, and is the ID of another process. */
static void each_listed(char *list, void (*found)(struct process_tree *, pid_t, int),
                        struct process_tree *tree, int parent)
{
    char *next;

    for (long id; (id = strtol(list, &next, 10)) > 0 && *next == ' '; list = next)
        found(tree, (pid_t)id, parent);
}

/* /proc lists the children of each thread separately. */
static void add_children(struct process_tree *tree, int parent)
{
    static pid_t threads[MOST_THREADS];
    size_t count = process_threads(&tree->list[parent], threads, MOST_THREADS);
    char list[4096];

    for (size_t i = 0; i < count; i++)
        if (read_proc(list, sizeof list, "/proc/%d/task/%d/children", (int)tree->list[parent].id,
                      (int)threads[i]) > 0)
            each_listed(list, add, tree, parent);
}

/* ---- Orphans, which became our children ---- */

int process_has_variable(pid_t id, const char *name, const char *value)
{
    char path[48], *line = NULL;
    size_t size = 0, length = strlen(name);
    int found = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/environ", (int)id);
    file = fopen(path, "re");
    while (file && !found && getdelim(&line, &size, '\0', file) > 0)
        found = strncmp(line, name, length) == 0 && line[length] == '=' &&
                strcmp(line + length + 1, value) == 0;
    free(line);
    if (file)
        fclose(file);
    return found;
}

/* One that is about to become another program has no environment (execve(2) begins with a new
 * memory). */
static int is_becoming(pid_t id)
{
    struct tree_process process;
    char text[2];

    return process_read(&process, id) &&
           read_proc(text, sizeof text, "/proc/%d/environ", (int)id) == 0;
}

static int is_unclear;               /* whose orphan one of them is */
static const struct child *adoptive; /* the server whose orphans are looked for */

/* Each server has a NOTIFY_SOCKET of its own, so that variable tells whose orphan it is. */
static void add_orphan(struct process_tree *tree, pid_t id, int parent)
{
    const struct notify *notify = adoptive->notify;

    if (id == adoptive->id)
        return;
    if (getpgid(id) == adoptive->group ||
        (notify && process_has_variable(id, "NOTIFY_SOCKET", notify->name)))
        add(tree, id, parent);
    else
        is_unclear |= adoptive->leader_ended && is_becoming(id);
}

static void read_orphans(char *list, size_t size)
{
    if (read_proc(list, size, "/proc/thread-self/children") < 0)
        *list = '\0';
}

/* Reads the tree with our present orphans. Returns whether another read may find more. */
static int read_once(struct process_tree *tree, const struct child *child)
{
    char before[4096], after[4096];

    tree->count = 0;
    is_unclear = 0;
    adoptive = child;
    if (!child->leader_ended)
        add(tree, (pid_t)child->id, -1);
    read_orphans(before, sizeof before);
    each_listed(before, add_orphan, tree, -1);
    for (size_t i = 0; i < tree->count; i++)
        add_children(tree, (int)i);
    read_orphans(after, sizeof after);
    return is_unclear || strcmp(before, after) != 0;
}

/* A process that goes into the background ends, and the one that it started becomes our child. One
 * read may miss that: its parent ended too soon, and it became ours too late. So read again until
 * the orphans stay the same. */
void process_tree_read(struct process_tree *tree, const struct child *child)
{
    int times = 0;

    while (read_once(tree, child) && ++times < MOST_READS)
        if (is_unclear)
            poll(NULL, 0, EXEC_PAUSE_MS);
}
