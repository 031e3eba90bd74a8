/* SPDX-License-Identifier: MIT */
#include "git_lists.h"

#include "clock.h"
#include "devserver/git.h"
#include "devserver/ignore.h"
#include "devserver/path_table.h"
#include "git_command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LISTING_MS = 2000, /* for all that is asked about a folder */
    MOST_LISTED = 100000
};

/* Paths, and nothing more. */
static struct table ignored_at_start, tracked, ignored_roots;

/* One that git is asked for about a folder that is watched. */
struct question {
    pid_t pid;
    int fd; /* what it prints; -1: it has ended */
    const char *root;
    void (*take)(const char *root, const char *path);
    char text[16384];
    size_t length;
};

static void remember(struct table *table, const char *path)
{
    if (table->count < MOST_LISTED && !path_table_find(table, path))
        path_table_add(table, path, sizeof(struct path_item));
}

static void take_ignored(const char *root, const char *name)
{
    char *path = git_join(root, name);
    size_t length = strlen(path);

    if (length > 0 && path[length - 1] == '/')
        path[length - 1] = '\0';
    remember(&ignored_at_start, path);
    free(path);
}

/* With the folders that it is in: they are not to be passed over. */
static void take_tracked(const char *root, const char *name)
{
    char *path, *slash;
    size_t least = strcmp(root, ".") == 0 ? 0 : strlen(root);

    if (!is_ignored_by_default(name))
        return;
    path = git_join(root, name);
    remember(&tracked, path);
    while ((slash = strrchr(path, '/')) != NULL && (size_t)(slash - path) > least) {
        *slash = '\0';
        remember(&tracked, path);
    }
    free(path);
}

static void ask_at_start(struct question *question, const char *root,
                         void (*take)(const char *, const char *), const char *const *arguments)
{
    memset(question, 0, sizeof *question);
    question->fd = -1;
    question->root = root;
    question->take = take;
    question->pid = git_start(root, arguments, NULL, &question->fd);
}

static void take_whole(struct question *question)
{
    char *from = question->text, *end = from + question->length, *zero;

    while ((zero = memchr(from, '\0', (size_t)(end - from))) != NULL) {
        if (question->take)
            question->take(question->root, from);
        from = zero + 1;
    }
    question->length = (size_t)(end - from);
    memmove(question->text, from, question->length);
    if (question->length == sizeof question->text) /* no path is as long */
        question->length = 0;
}

/* 0 at its end. */
static int read_list(struct question *question)
{
    ssize_t got = read(question->fd, question->text + question->length,
                       sizeof question->text - question->length);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    if (got <= 0)
        return 0;
    question->length += (size_t)got;
    take_whole(question);
    return 1;
}

static void read_lists(struct question *questions, size_t count)
{
    struct pollfd entries[3];
    long long deadline = now_ms() + LISTING_MS;
    size_t open = count;

    while (open > 0 && until(deadline) > 0) {
        for (size_t i = 0; i < count; i++) {
            entries[i].fd = questions[i].fd;
            entries[i].events = POLLIN;
            entries[i].revents = 0;
        }
        if (poll(entries, (nfds_t)count, until(deadline)) < 0 && errno != EINTR)
            break;
        for (size_t i = 0; i < count; i++)
            if (questions[i].fd >= 0 && entries[i].revents && !read_list(&questions[i])) {
                close(questions[i].fd);
                questions[i].fd = -1;
            }
        open = 0;
        for (size_t i = 0; i < count; i++)
            open += questions[i].fd >= 0;
    }
}

/* Its exit status; -1: it had to be ended. */
static int finish(struct question *question)
{
    int status, in_time = question->fd < 0;

    if (question->pid == 0)
        return -1;
    if (!in_time) {
        close(question->fd);
        kill(question->pid, SIGKILL);
    }
    if (waitpid(question->pid, &status, 0) != question->pid || !in_time || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static void complain(const char *folder, int status)
{
    if (status == 127)
        report("there is no git here: what it would ignore counts");
    else if (status != 0)
        report("git does not answer in %s (what does 'git status' say?): what it ignores counts",
               folder);
}

void git_list(const char *root, int only_tracked)
{
    static const char *const ls_tracked[] = {"ls-files", "-z", NULL};
    static const char *const ls_ignored[] = {
        "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z", NULL};
    static const char *const is_root_ignored[] = {"check-ignore", "-q", ".", NULL};
    struct question questions[3];
    size_t count = only_tracked ? 1 : 3;
    int status;

    ask_at_start(&questions[0], root, take_tracked, ls_tracked);
    if (count > 1) {
        ask_at_start(&questions[1], root, take_ignored, ls_ignored);
        ask_at_start(&questions[2], root, NULL, is_root_ignored);
    }
    read_lists(questions, count);
    status = finish(&questions[0]);
    if (count > 1) {
        finish(&questions[1]);
        if (finish(&questions[2]) == 0)
            remember(&ignored_roots, root);
    }
    complain(root, status);
}

/* ---- Looking it up ---- */

static int is_below(const char *path, const char *root)
{
    size_t length = strlen(root);

    return strcmp(root, ".") == 0 ? *path != '/'
                                  : strncmp(path, root, length) == 0 && path[length] == '/';
}

int git_is_in_ignored_root(const char *path)
{
    struct item *root = NULL;

    while ((root = table_after(&ignored_roots, root)) != NULL)
        if (is_below(path, ((struct path_item *)root)->path))
            return 1;
    return 0;
}

int git_lists_as_ignored(const char *path)
{
    return path_table_find(&ignored_at_start, path) != NULL;
}

int git_tracks(const char *path)
{
    return path_table_find(&tracked, path) != NULL;
}
