/* SPDX-License-Identifier: MIT */
#ifdef __linux__
#include "devserver/watcher.h"

#include "clock.h"
#include "filesystem.h"
#include "folders.h"
#include "git_lists.h"
#include "links.h"
#include "seen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOOK_AGAIN_MS = 200,
    PAUSE_MS = 10 /* between two looks, so that a burst of events does not wake us for each */
};

static int inotify = -1;
static int modes_count;
static struct timespec emptied; /* when all events so far had been read */
static long long paused_since;

/* ---- Opening ---- */

static int suits(const struct options *options, const char *path)
{
    const char *kind;

    if (options->poll_ms != POLL_WHERE_NEEDED)
        return options->poll_ms == POLL_NEVER;
    kind = kind_without_notices(path);
    if (kind)
        report("%s is on %s, which does not tell of all changes: looking every %d ms (--poll)",
               path, kind, USUAL_POLL_MS);
    return !kind;
}

static int has_free_descriptor(void)
{
    int fd = dup(STDIN_FILENO); /* below 0 with the same error */

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void open_inotify(const struct options *options, const struct arguments *paths)
{
    inotify = folders_open(options);
    if (inotify < 0 && errno == EMFILE && has_free_descriptor())
        die(EXIT_CANNOT_OPEN, "cannot watch files: the system's limit of programs that do is "
                              "reached; raise fs.inotify.max_user_instances with sysctl, or "
                              "--poll");
    if (inotify < 0)
        die(EXIT_CANNOT_OPEN, "cannot watch files: %s", strerror(errno));
    seen_begin();
    clock_gettime(CLOCK_REALTIME, &emptied);
    for (size_t i = 0; i < paths->count; i++)
        link_add_named(paths->list[i]);
}

static int pauses(void)
{
    return paused_since && now_ms() - paused_since < PAUSE_MS;
}

static int descriptor(void)
{
    return pauses() ? -1 : inotify;
}

static int timeout(void)
{
    int wait = git_ignores_less() ? 0 : links_have_failed() ? LOOK_AGAIN_MS : -1;

    return pauses() ? earlier(wait, until(paused_since + PAUSE_MS)) : wait;
}

static void wake(void)
{
}

static void modes(void)
{
    modes_count = 1;
    folders_watch_modes();
}

/* ---- One event ---- */

/* An event about a name in a folder. */
struct happening {
    struct folder *folder;
    const struct inotify_event *event;
    int is_change, is_link;
};

/* A new file counts when its writer closes it, but a new link is complete at once. */
static int is_change(const struct happening *happening, const struct stat *status)
{
    uint32_t mask = happening->event->mask;
    uint64_t key = table_key((uint64_t)happening->event->wd, happening->event->name);

    if (mask & (IN_DELETE | IN_MOVED_FROM)) {
        seen_forget(key);
        return 1;
    }
    if (!status)
        return !(mask & (IN_CREATE | IN_ATTRIB)); /* it is gone again */
    if (mask & IN_CREATE)
        return S_ISLNK(status->st_mode) || (S_ISREG(status->st_mode) && status->st_nlink > 1);
    if (mask & IN_ATTRIB)
        return modes_count && S_ISREG(status->st_mode) && (status->st_mode & 0111);
    return !(mask & IN_CLOSE_WRITE) || seen_is_written(key, status);
}

static void judge(struct happening *happening)
{
    struct stat status;
    size_t above;
    const char *path = folder_path(happening->folder, happening->event->name, &above);
    int is_there = lstat(path, &status) == 0;

    happening->is_change = is_change(happening, is_there ? &status : NULL);
    happening->is_link = is_there && S_ISLNK(status.st_mode);
}

static void tell(const struct happening *happening, void (*changed)(const char *path))
{
    size_t above;

    changed(folder_path(happening->folder, happening->event->name, &above));
}

/* Something happened to a folder in a tree. */
static void handle_folder(const struct happening *happening, void (*changed)(const char *path))
{
    const struct inotify_event *event = happening->event;
    struct folder *child;

    if (event->mask & (IN_CREATE | IN_MOVED_TO)) {
        folder_add_child(happening->folder, event->name, changed);
    } else if (event->mask & (IN_DELETE | IN_MOVED_FROM)) {
        child = folder_child(happening->folder, event->name);
        if (child)
            folder_forget(child);
        tell(happening, changed);
    }
}

static void handle_file(const struct happening *happening, void (*changed)(const char *path))
{
    if (happening->is_change)
        tell(happening, changed);
    if (happening->is_link && happening->event->mask & (IN_CREATE | IN_MOVED_TO))
        link_add_found(happening->folder, happening->event->name);
}

/* Handles links that lead through that name, or end there. is_told: the change itself was already
 * reported. */
static void handle_names(const struct happening *happening, int is_told,
                         void (*changed)(const char *path))
{
    const struct inotify_event *event = happening->event;
    int is_other = (event->mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)) != 0;
    struct name *name = name_find(happening->folder, event->name);

    for (; name; name = name_next(name)) {
        int counts = name->what == A_FILE ? happening->is_change : name->what == A_LINK && is_other;
        if (counts && !is_told)
            changed(name->link->path);
        if (is_other)
            link_lose(name->link);
    }
}

static void handle_entry(struct folder *folder, const struct inotify_event *event,
                         void (*changed)(const char *path))
{
    struct happening happening = {.folder = folder, .event = event};
    int counts =
        folder->is_tree && folder_counts(folder, event->name, (event->mask & IN_ISDIR) != 0);

    if (!counts && !name_find(folder, event->name))
        return;
    if (counts && event->mask & IN_CREATE)
        tell(&happening, watcher_tell_new);
    if (!(event->mask & IN_ISDIR))
        judge(&happening);
    if (counts && event->mask & IN_ISDIR)
        handle_folder(&happening, changed);
    else if (counts)
        handle_file(&happening, changed);
    handle_names(&happening, counts, changed);
}

/* The folder itself was moved. If it is part of a tree, its parent reports that. */
static void handle_move(struct folder *folder, void (*changed)(const char *path))
{
    if (folder->link)
        changed(folder->link->path);
    if (folder->link || !folder->is_tree)
        folder_forget(folder);
    else
        links_lose_names(folder);
}

static void handle(const struct inotify_event *event, void (*changed)(const char *path))
{
    struct folder *folder = folder_find(event->wd);

    if (!folder)
        return;
    if (event->mask & IN_IGNORED)
        folder_forget(folder);
    else if (event->mask & IN_MOVE_SELF)
        handle_move(folder, changed);
    else if (event->len > 0)
        handle_entry(folder, event, changed);
    links_follow_lost(changed);
}

/* ---- All of them ---- */

/* There were more events than the kernel keeps. Goes back two seconds more, as a file may have been
 * written a while before it was closed. */
static void look_everywhere(void (*changed)(const char *path))
{
    struct timespec since = emptied;

    since.tv_sec -= 2;
    folders_look(&since, changed);
    links_look(&since, changed);
    links_lose_all();
    links_follow_lost(changed);
}

/* The size of the events that there are now. Later ones are left for the next time, as they may
 * come faster than they are read. */
static size_t bytes_to_read(void)
{
    int bytes = 0;

    return ioctl(inotify, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

/* Returns how many bytes it has read. */
static size_t read_some(int *overflowed, void (*changed)(const char *path))
{
    union {
        struct inotify_event event; /* for its alignment */
        char bytes[65536];
    } buffer;
    ssize_t got = read(inotify, buffer.bytes, sizeof buffer.bytes);

    for (char *next = buffer.bytes; next < buffer.bytes + got;) {
        const struct inotify_event *event = (const struct inotify_event *)(void *)next;
        next += sizeof *event + event->len;
        if (event->mask & IN_Q_OVERFLOW)
            *overflowed = 1;
        else
            handle(event, changed);
    }
    return got > 0 ? (size_t)got : 0;
}

static void read_events(void (*changed)(const char *path))
{
    struct timespec now;
    int overflowed = 0;
    size_t left, got = 1;

    clock_gettime(CLOCK_REALTIME, &now);
    seen_clock();
    links_lose_failed();
    left = bytes_to_read();
    paused_since = left > 0 ? now_ms() : 0;
    for (; left > 0 && got > 0; left -= got < left ? got : left)
        got = read_some(&overflowed, changed);
    if (overflowed)
        look_everywhere(changed);
    if (git_ignores_less())
        folders_list_again(changed);
    git_ignores_less_is_known();
    emptied = now;
    links_follow_lost(changed);
}

const struct watcher inotify_watcher = {suits, open_inotify, descriptor, timeout,
                                        wake,  modes,        read_events};
#else
typedef int watch_inotify_is_for_linux;
#endif
