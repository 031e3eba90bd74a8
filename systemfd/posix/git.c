/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2() */
#endif
#include "devserver/git.h"

#include "clock.h"
#include "devserver/files.h"
#include "devserver/git_answers.h"
#include "devserver/ignore.h"
#include "devserver/path_table.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LISTING_MS = 2000, /* for the lists at the start */
    ANSWER_MS = 1000,  /* for an answer */
    MOST_TREES = 16,
    MOST_LISTED = 100000,
    MOST_FOLDERS = 20000, /* remembered */
    MOST_ASKED = 20000,   /* at one time */
    PATIENCE = 8,         /* ends without an answer, in a row, */
    SLOWNESS = 3          /* of which one that is too slow is so many */
};

#ifndef __linux__
extern char **environ;
#endif

static const struct options *options;
static void (*answered)(const char *path, int ignored);

/* A path that was found, and nothing more. */
struct listed {
    const char *path;
};

static struct path_table ignored_at_start, tracked;
static struct path_table ignored_roots; /* watched nevertheless: nothing in them is asked about */

static void *allocated(void *memory)
{
    if (!memory)
        die(EXIT_CANNOT_OPEN, "out of memory");
    return memory;
}

/* ---- Running git ---- */

/* Nothing of what was set for another repository, nothing that asks or writes. What a hook or
 * monitor would run is not ours to run. */
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

static int open_pipe(int ends[2], int ours)
{
    if (pipe(ends) < 0)
        return 0;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fcntl(ends[ours], F_SETFL, O_NONBLOCK);
    return 1;
}

/* Starts git in that folder; *out is what it prints, *in, unless NULL, what it reads. 0: it cannot
 * be. */
static pid_t start(const char *folder, const char *const *arguments, int *in, int *out)
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

/* ---- Where files are ---- */

/* A file in a folder that was watched. */
static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = allocated(malloc(size));

    if (strcmp(folder, ".") == 0 || *folder == '\0')
        snprintf(path, size, "%s", name);
    else
        snprintf(path, size, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    return path;
}

/* "./src/" is "src": as it is reported. */
static char *plain(const char *path)
{
    char *copy;
    size_t length;

    while (strncmp(path, "./", 2) == 0 && path[2] != '\0')
        for (path += 2; *path == '/' && path[1] != '\0'; path++) {
        }
    copy = allocated(strdup(path));
    length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    return copy;
}

/* The work tree that the folder, an absolute path, is in, for free(); NULL: none. */
static char *find_tree(const char *folder)
{
    char *tree = allocated(strdup(folder)), *mark, *slash;
    int found;

    for (;;) {
        mark = join(tree, ".git");
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

/* ---- What is there at the start ---- */

/* One that git is asked for about a folder that is watched. */
struct question {
    pid_t pid;
    int fd; /* what it prints; -1: it has ended */
    const char *root;
    void (*take)(const char *root, const char *path);
    char text[16384];
    size_t length;
};

static void remember(struct path_table *table, const char *path)
{
    if (table->count < MOST_LISTED && !path_table_find(table, path))
        path_table_add(table, path, sizeof(struct listed));
}

static void take_ignored(const char *root, const char *name)
{
    char *path = join(root, name);
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
    path = join(root, name);
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
    question->pid = start(root, arguments, NULL, &question->fd);
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

static void list_root(const char *root)
{
    static const char *const ls_tracked[] = {"ls-files", "-z", NULL};
    static const char *const ls_ignored[] = {
        "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z", NULL};
    static const char *const is_root_ignored[] = {"check-ignore", "-q", ".", NULL};
    struct question questions[3];
    size_t count = options->no_gitignore ? 1 : 3;
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

/* ---- Asking about what comes later ---- */

struct tree;

/* A folder of files that changed. */
struct folder {
    const char *path;
    struct tree *tree; /* NULL: none, or it is not to be asked */
    char *name;        /* in the tree, with a slash at its end; "" for the tree itself */
    enum { NOT_ASKED, WAITS, IGNORED, NOT_IGNORED } answer;
};

/* In the order in which git is asked, which is that of its answers. */
struct asked {
    struct asked *next;
    long long at;
    char *path; /* NULL: about the folder itself */
    char *folder, *question;
};

struct tree {
    char *root;
    pid_t pid; /* 0: none was started */
    int ended; /* and it was reaped: the number may be another process's */
    int in, out;
    struct asked *first, *last, *unsent;
    size_t sent;     /* bytes of the first unsent one */
    long long heard; /* when its last answer came */
    struct git_answer_reader reader;
    struct look index, exclude, top; /* when it was started */
    int failures;
};

static struct path_table folders;
static struct tree trees[MOST_TREES];
static size_t tree_count, asked_count;

/* What git reads when it starts, or caches. */
static struct look look_in(const struct tree *tree, const char *name)
{
    char *path = join(tree->root, name);
    struct look look = file_look(path);

    free(path);
    return look;
}

static int is_same(const struct look *a, const struct look *b)
{
    return a->modified == b->modified && a->size == b->size && a->identity == b->identity;
}

static void stop(struct tree *tree)
{
    if (tree->pid == 0)
        return;
    close(tree->in);
    close(tree->out);
    if (!tree->ended)
        kill(tree->pid, SIGKILL); /* it is reaped with everybody else */
    tree->pid = tree->ended = 0;
    tree->unsent = tree->first;
    tree->sent = 0;
    git_answers_clear(&tree->reader);
}

static int start_asking(struct tree *tree)
{
    static const char *const check[] = {"check-ignore", "--stdin", "-z", "-v", "-n", NULL};

    if (tree->pid > 0)
        return 1;
    if (tree->failures >= PATIENCE)
        return 0;
    tree->index = look_in(tree, ".git/index");
    tree->exclude = look_in(tree, ".git/info/exclude");
    tree->top = look_in(tree, ".gitignore");
    tree->pid = start(tree->root, check, &tree->in, &tree->out);
    return tree->pid > 0;
}

static void forget_folders(void)
{
    for (size_t i = 0; i < folders.room; i++)
        if (folders.slots[i])
            free(((struct folder *)folders.slots[i])->name);
    path_table_clear(&folders);
}

/* When nothing is asked, so once for each burst. */
static void look_at_rules(struct tree *tree)
{
    struct look index, exclude, top;

    if (tree->pid == 0 || tree->first)
        return;
    index = look_in(tree, ".git/index");
    exclude = look_in(tree, ".git/info/exclude");
    top = look_in(tree, ".gitignore");
    if (!is_same(&index, &tree->index) || !is_same(&exclude, &tree->exclude) ||
        !is_same(&top, &tree->top))
        git_rules_have_changed();
}

void git_rules_have_changed(void)
{
    for (size_t i = 0; i < tree_count; i++)
        stop(&trees[i]);
    forget_folders();
}

/* ---- Answers ---- */

static void free_asked(struct asked *asked)
{
    free(asked->path);
    free(asked->folder);
    free(asked->question);
    free(asked);
    asked_count--;
}

/* git cannot see of what is gone that it was a folder. */
static int was_ignored_folder(const char *path)
{
    const struct folder *folder = path_table_find(&folders, path);

    return folder && folder->answer == IGNORED && !file_exists(path);
}

/* The first one that was asked about has its answer. */
static void answer_first(struct tree *tree, int ignored)
{
    struct asked *asked = tree->first;
    struct folder *folder = path_table_find(&folders, asked->folder);

    tree->first = asked->next;
    if (!tree->first)
        tree->last = NULL;
    if (tree->unsent == asked) {
        tree->unsent = asked->next;
        tree->sent = 0;
    }
    if (asked->path && answered)
        answered(asked->path, ignored || was_ignored_folder(asked->path));
    else if (!asked->path && folder && folder->answer == WAITS)
        folder->answer = ignored ? IGNORED : NOT_IGNORED;
    free_asked(asked);
}

/* git could not answer, which is not even wrong: it ends at a path that is beyond a link, say, or
 * in a submodule. That one counts, and the others are asked again. */
static void fail(struct tree *tree)
{
    stop(tree);
    tree->failures++;
    if (tree->first)
        answer_first(tree, 0);
    while (tree->first && !start_asking(tree))
        answer_first(tree, 0);
    if (tree->failures == PATIENCE)
        report("git does not answer in %s: what it ignores counts", tree->root);
}

static void send(struct tree *tree)
{
    while (tree->pid > 0 && tree->unsent) {
        const char *question = tree->unsent->question;
        size_t size = strlen(question) + 1;
        ssize_t written = write(tree->in, question + tree->sent, size - tree->sent);
        if (written < 0)
            return; /* full; or it has ended, as reading will show */
        tree->sent += (size_t)written;
        if (tree->sent == size) {
            tree->unsent = tree->unsent->next;
            tree->sent = 0;
        }
    }
}

/* 0: it does not make sense. */
static int take_answers(struct tree *tree)
{
    const char *path;
    int ignored, taken;

    while ((taken = git_answers_take(&tree->reader, &path, &ignored)) > 0) {
        if (!tree->first || tree->first == tree->unsent || strcmp(path, tree->first->question) != 0)
            return 0;
        tree->failures = 0;
        tree->heard = now_ms();
        answer_first(tree, ignored);
    }
    return taken == 0;
}

static void receive(struct tree *tree)
{
    char bytes[16384];
    ssize_t got;

    while (tree->pid > 0 && (got = read(tree->out, bytes, sizeof bytes)) != 0) {
        if (got < 0) {
            if (errno == EAGAIN || errno == EINTR)
                return;
            break;
        }
        git_answers_add(&tree->reader, bytes, (size_t)got);
        if (!take_answers(tree))
            break;
    }
    if (tree->pid > 0)
        fail(tree);
}

static long long deadline_of(const struct tree *tree)
{
    return (tree->heard > tree->first->at ? tree->heard : tree->first->at) + ANSWER_MS;
}

/* It takes too long, which nobody will wait for many times. */
static void give_up(struct tree *tree)
{
    stop(tree);
    tree->failures += SLOWNESS;
    while (tree->first)
        answer_first(tree, 0);
    if (tree->failures >= PATIENCE)
        report("git is too slow in %s: what it ignores counts", tree->root);
}

static void look_after(struct tree *tree)
{
    if (tree->first && tree->pid == 0 && !start_asking(tree))
        fail(tree);
    send(tree);
    receive(tree);
    if (tree->first && now_ms() >= deadline_of(tree))
        give_up(tree);
}

void git_look(void)
{
    for (size_t i = 0; i < tree_count; i++)
        look_after(&trees[i]);
}

int git_timeout(void)
{
    int wait = -1;

    for (size_t i = 0; i < tree_count; i++)
        if (trees[i].first)
            wait = earlier(wait, trees[i].pid > 0 ? until(deadline_of(&trees[i])) : 0);
    return wait;
}

int git_ended(long pid)
{
    for (size_t i = 0; i < tree_count; i++)
        if (trees[i].pid == pid) {
            trees[i].ended = 1;
            return 1;
        }
    return 0;
}

size_t git_poll(struct pollfd *entries, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < tree_count && count + 2 <= room; i++) {
        if (trees[i].pid == 0)
            continue;
        entries[count].fd = trees[i].out;
        entries[count++].events = POLLIN;
        if (trees[i].unsent) {
            entries[count].fd = trees[i].in;
            entries[count++].events = POLLOUT;
        }
    }
    return count;
}

/* ---- Questions ---- */

static struct tree *tree_at(char *root)
{
    for (size_t i = 0; i < tree_count; i++)
        if (strcmp(trees[i].root, root) == 0) {
            free(root);
            return &trees[i];
        }
    if (tree_count == MOST_TREES) {
        free(root);
        return NULL;
    }
    memset(&trees[tree_count], 0, sizeof trees[0]);
    trees[tree_count].root = root;
    return &trees[tree_count++];
}

/* The absolute path without links, for free(); of a folder that is gone, by the one it was in. */
static char *real_path(const char *path)
{
    char *real = realpath(path, NULL), *parent, *joined;
    const char *slash = strrchr(path, '/');

    if (real || slash == path || strcmp(path, ".") == 0)
        return real;
    parent = allocated(slash ? strndup(path, (size_t)(slash - path)) : strdup("."));
    real = real_path(parent);
    free(parent);
    if (!real)
        return NULL;
    joined = join(real, slash ? slash + 1 : path);
    free(real);
    return joined;
}

static void locate(struct folder *folder)
{
    char *real = real_path(folder->path), *root = real ? find_tree(real) : NULL;
    size_t length;

    if (root) {
        length = strlen(root) > 1 ? strlen(root) : 0;
        folder->name = allocated(calloc(1, strlen(real) - length + 2));
        if (real[length] != '\0')
            snprintf(folder->name, strlen(real) - length + 1, "%s/", real + length + 1);
        folder->tree = tree_at(root);
    }
    free(real);
}

static struct folder *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    char *name = allocated(slash == path ? strdup("/")
                           : slash       ? strndup(path, length)
                                         : strdup("."));
    struct folder *folder = path_table_find(&folders, name);

    if (!folder) {
        if (folders.count >= MOST_FOLDERS)
            forget_folders();
        folder = path_table_add(&folders, name, sizeof *folder);
        locate(folder);
    }
    free(name);
    return folder;
}

/* About that file in the folder, or, NULL, the folder. */
static void ask(struct folder *folder, const char *path, const char *name)
{
    struct asked *asked = allocated(calloc(1, sizeof *asked));
    struct tree *tree = folder->tree;

    asked->at = now_ms();
    asked->path = path ? allocated(strdup(path)) : NULL;
    asked->folder = allocated(strdup(folder->path));
    asked->question = join(folder->name, name);
    if (tree->last)
        tree->last->next = asked;
    else
        tree->first = asked;
    tree->last = asked;
    if (!tree->unsent)
        tree->unsent = asked;
    asked_count++;
}

static int is_below(const char *path, const char *root)
{
    size_t length = strlen(root);

    return strcmp(root, ".") == 0 ? *path != '/'
                                  : strncmp(path, root, length) == 0 && path[length] == '/';
}

/* In a folder that is watched, although it is ignored itself. */
static int is_in_ignored_root(const char *path)
{
    for (size_t i = 0; ignored_roots.count > 0 && i < ignored_roots.room; i++) {
        const struct listed *root = ignored_roots.slots[i];
        if (root && is_below(path, root->path))
            return 1;
    }
    return 0;
}

enum git_answer git_ask(const char *path)
{
    struct folder *folder;
    const char *slash = strrchr(path, '/');

    if (!options || options->no_gitignore || is_wanted(path) || is_in_ignored_root(path))
        return GIT_COUNTS;
    folder = folder_of(path);
    if (folder->tree)
        look_at_rules(folder->tree);
    folder = folder_of(path);
    if (folder->answer == IGNORED || was_ignored_folder(path))
        return GIT_IGNORES;
    if (!folder->tree || asked_count >= MOST_ASKED || !start_asking(folder->tree))
        return GIT_COUNTS;
    if (folder->answer == NOT_ASKED && *folder->name != '\0') {
        folder->answer = WAITS;
        ask(folder, NULL, "");
    }
    ask(folder, path, slash ? slash + 1 : path);
    send(folder->tree);
    return GIT_ASKED;
}

void git_on_answer(void (*given)(const char *path, int ignored))
{
    answered = given;
}

/* ---- The start ---- */

void git_open(const struct options *given)
{
    options = given;
    for (size_t i = 0; i < options->watch.count; i++) {
        char *root = plain(options->watch.list[i]), *real = realpath(root, NULL);
        char *tree = real && file_look(root).kind == FOLDER_KIND ? find_tree(real) : NULL;
        if (tree)
            list_root(root);
        free(tree);
        free(real);
        free(root);
    }
}

int git_lists_as_ignored(const char *path)
{
    return ignored_at_start.count > 0 && path_table_find(&ignored_at_start, path) != NULL;
}

int git_tracks(const char *path)
{
    return tracked.count > 0 && path_table_find(&tracked, path) != NULL;
}
