/* SPDX-License-Identifier: MIT */
#include "devserver/git.h"

#include "clock.h"
#include "devserver/files.h"
#include "devserver/git_answers.h"
#include "devserver/ignore.h"
#include "devserver/path_table.h"
#include "git_command.h"
#include "git_lists.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_MS = 1000, /* to wait for an answer */
    MOST_TREES = 16,
    MOST_FOLDERS = 20000, /* folders that are remembered */
    MOST_ASKED = 20000,   /* open questions */
    PATIENCE = 8,         /* failures in a row, after which git is not asked any more */
    SLOWNESS = 3          /* an answer that is too slow counts as so many failures */
};

static const struct options *options;
static void (*answered)(const char *path, int ignored);

struct tree;

/* A folder in which files have changed. */
struct folder {
    struct path_item item;
    struct tree *tree; /* the work tree that it is in; NULL: none, or one too many */
    char *name;        /* its path in there, with a slash at the end; "" for the root */
    enum { NOT_ASKED, WAITS, IGNORED, NOT_IGNORED } answer;
};

/* A question to git. They are asked, and answered, in the order of their list. */
struct asked {
    struct asked *next;
    long long at;
    char *path; /* NULL: it is about the folder itself */
    char *folder, *question;
};

/* Files that git reads when it starts, or caches. */
struct rules {
    struct look index, exclude, top;
};

/* Each work tree has two. One git knows only the rules (--no-index), and answers at once. The other
 * knows the index, too, and looks through all of it for each path, which takes milliseconds in a
 * large tree: it is asked only about what the rules ignore, as that may be tracked. */
struct tree {
    char *root;
    struct tree *with_index; /* the other one, or NULL in that one itself */
    pid_t pid;               /* the git that answers, or 0 */
    int ended;               /* it has ended, and another process may get its ID */
    int in, out;
    struct asked *first, *last, *unsent;
    size_t sent;     /* how much of the first unsent question was sent, in bytes */
    long long heard; /* when its last answer came */
    struct git_answer_reader reader;
    struct rules rules; /* as they were when git was started */
    int failures;
};

static struct table folders;
static struct tree trees[2 * MOST_TREES];
static size_t tree_count, asked_count;

static struct look look_in(const struct tree *tree, const char *name)
{
    char *path = git_join(tree->root, name);
    struct look look = file_look(path);

    free(path);
    return look;
}

static struct rules rules_of(const struct tree *tree)
{
    return (struct rules){.index = look_in(tree, ".git/index"),
                          .exclude = look_in(tree, ".git/info/exclude"),
                          .top = look_in(tree, ".gitignore")};
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
        kill(tree->pid, SIGKILL); /* it is reaped like all other children */
    tree->pid = tree->ended = 0;
    tree->unsent = tree->first;
    tree->sent = 0;
    git_answers_clear(&tree->reader);
}

static int start_asking(struct tree *tree)
{
    static const char *const check[] = {"check-ignore", "--stdin", "-z", "-v", "-n", NULL};
    static const char *const check_rules[] = {"check-ignore", "--no-index", "--stdin", "-z",
                                              "-v",           "-n",         NULL};

    if (tree->pid > 0)
        return 1;
    if (tree->failures >= PATIENCE)
        return 0;
    tree->rules = rules_of(tree);
    tree->pid =
        git_start(tree->root, tree->with_index ? check_rules : check, &tree->in, &tree->out);
    return tree->pid > 0;
}

static void forget_folders(void)
{
    struct item *item = NULL;

    while ((item = table_after(&folders, item)) != NULL)
        free(((struct folder *)item)->name);
    table_clear(&folders);
}

static void forget_answers(void)
{
    for (size_t i = 0; i < tree_count; i++)
        stop(&trees[i]);
    forget_folders();
}

/* Forgets git's answers if its index or rules have changed, and returns whether it did. Looks only
 * while no question is open, and so once for each burst of changes. */
static int look_at_rules(struct tree *tree)
{
    struct rules rules;
    int is_index_new, are_rules_new;

    if (tree->pid == 0 || tree->first)
        return 0;
    rules = rules_of(tree);
    is_index_new = !is_same(&rules.index, &tree->rules.index);
    are_rules_new =
        !is_same(&rules.exclude, &tree->rules.exclude) || !is_same(&rules.top, &tree->rules.top);
    if (are_rules_new)
        git_rules_have_changed();
    else if (is_index_new)
        forget_answers();
    return is_index_new || are_rules_new;
}

void git_rules_have_changed(void)
{
    forget_answers();
    git_lists_are_outdated();
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

/* Was it an ignored folder that is gone? git cannot see any more that it was a folder. */
static int was_ignored_folder(const char *path)
{
    const struct folder *folder = path_table_find(&folders, path);

    return folder && folder->answer == IGNORED && !file_exists(path);
}

static void append(struct tree *tree, struct asked *asked)
{
    asked->at = now_ms();
    asked->next = NULL;
    if (tree->last)
        tree->last->next = asked;
    else
        tree->first = asked;
    tree->last = asked;
    if (!tree->unsent)
        tree->unsent = asked;
}

static struct asked *take_first(struct tree *tree)
{
    struct asked *asked = tree->first;

    tree->first = asked->next;
    if (!tree->first)
        tree->last = NULL;
    if (tree->unsent == asked) {
        tree->unsent = asked->next;
        tree->sent = 0;
    }
    return asked;
}

/* The first question of the tree has its answer. */
static void answer_first(struct tree *tree, int ignored)
{
    struct asked *asked = take_first(tree);
    struct folder *folder = path_table_find(&folders, asked->folder);

    if (asked->path && answered)
        answered(asked->path, ignored || was_ignored_folder(asked->path));
    else if (!asked->path && folder && folder->answer == WAITS)
        folder->answer = ignored ? IGNORED : NOT_IGNORED;
    free_asked(asked);
}

/* git has ended without an answer, as it does for a path beyond a link or in a submodule. That path
 * counts, and the others are asked again. */
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
            return; /* the pipe is full, or git has ended, as reading will show */
        tree->sent += (size_t)written;
        if (tree->sent == size) {
            tree->unsent = tree->unsent->next;
            tree->sent = 0;
        }
    }
}

/* Returns 0 if git's answers do not make sense. */
static int take_answers(struct tree *tree)
{
    const char *path;
    int ignored, taken;

    while ((taken = git_answers_take(&tree->reader, &path, &ignored)) > 0) {
        if (!tree->first || tree->first == tree->unsent || strcmp(path, tree->first->question) != 0)
            return 0;
        tree->failures = 0;
        tree->heard = now_ms();
        if (ignored && tree->with_index)
            append(tree->with_index, take_first(tree));
        else
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

/* git takes too long, so everything asked counts. That may happen a few times only. */
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
    git_lists_look();
    for (size_t i = 0; i < tree_count; i++)
        look_after(&trees[i]);
}

int git_timeout(void)
{
    int wait = git_lists_timeout();

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
    return git_lists_ended(pid);
}

size_t git_poll(struct pollfd *entries, size_t room)
{
    size_t count = git_lists_poll(entries);

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
    if (tree_count == 2 * MOST_TREES) {
        free(root);
        return NULL;
    }
    trees[tree_count] = (struct tree){.root = root, .with_index = &trees[tree_count + 1]};
    trees[tree_count + 1] = (struct tree){.root = root};
    tree_count += 2;
    return &trees[tree_count - 2];
}

/* The absolute path without links, or NULL. That of a folder that is gone is made from that of its
 * parent. The caller frees it. */
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
    joined = git_join(real, slash ? slash + 1 : path);
    free(real);
    return joined;
}

static void locate(struct folder *folder)
{
    char *real = real_path(folder->item.path), *root = real ? git_find_tree(real) : NULL;
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

/* Asks about that file in the folder, or if path is NULL, about the folder itself. */
static void ask(struct folder *folder, const char *path, const char *name)
{
    struct asked *asked = allocated(calloc(1, sizeof *asked));

    asked->path = path ? allocated(strdup(path)) : NULL;
    asked->folder = allocated(strdup(folder->item.path));
    asked->question = git_join(folder->name, name);
    append(folder->tree, asked);
    asked_count++;
}

enum git_answer git_ask(const char *path)
{
    struct folder *folder;
    const char *slash = strrchr(path, '/');

    if (!options || options->no_gitignore)
        return GIT_COUNTS;
    folder = folder_of(path);
    if (!folder->tree || is_wanted(path) || git_is_in_ignored_root(path))
        return GIT_COUNTS;
    if (look_at_rules(folder->tree))
        folder = folder_of(path);
    if (folder->answer == IGNORED || was_ignored_folder(path))
        return GIT_IGNORES;
    if (asked_count >= MOST_ASKED || !start_asking(folder->tree))
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
    git_lists_open(given);
}
