/* SPDX-License-Identifier: MIT
 * Finds the threads that wait for connections: those that sleep in accept(2) on a passed socket, in
 * poll(2) or select(2) with it, or in epoll_wait(2) on a set that contains it. /proc shows that in
 * fd, fdinfo and syscall (proc(5)). */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* process_vm_readv */
#endif
#include "devserver/accepting.h"

#include <string.h>

#ifndef __linux__

void accepting_setup(const struct sockets *sockets)
{
    (void)sockets;
}

void accepting_look(const struct child *child, struct sight *sight)
{
    (void)child;
    memset(sight, 0, sizeof *sight);
}

void accepting_command(long process, char *text, size_t size)
{
    (void)process;
    (void)size;
    *text = '\0';
}

#else

#include "process_tree.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

/* Limits that keep each look cheap. */
enum { MOST_SOCKETS = 64, MOST_DESCRIPTORS = 16384, MOST_HELD = 256, MOST_POLLED = 4096 };

/* ---- The passed sockets ---- */

static struct {
    unsigned long inode;
    int fd;
    unsigned device; /* in the form of fdinfo's sdev */
} passed[MOST_SOCKETS];

static size_t passed_count;

void accepting_setup(const struct sockets *sockets)
{
    struct stat status;

    passed_count = sockets->count < MOST_SOCKETS ? sockets->count : MOST_SOCKETS;
    for (size_t i = 0; i < passed_count; i++) {
        int known = fstat(sockets->list[i].fd, &status) == 0;
        passed[i].fd = sockets->list[i].fd;
        passed[i].inode = known ? (unsigned long)status.st_ino : 0;
        passed[i].device = known ? major(status.st_dev) << 20 | minor(status.st_dev) : 0;
    }
}

static socket_set with_inode(unsigned long inode)
{
    for (size_t i = 0; i < passed_count; i++)
        if (inode && passed[i].inode == inode)
            return 1ULL << i;
    return 0;
}

static socket_set with_inode_on(unsigned long inode, unsigned device)
{
    socket_set found = with_inode(inode);

    for (size_t i = 0; i < passed_count; i++)
        if (found == 1ULL << i && passed[i].device == device)
            return found;
    return 0;
}

static int has_option(int fd, int option, int value)
{
    int got = -1;
    socklen_t size = sizeof got;

    return getsockopt(fd, SOL_SOCKET, option, &got, &size) == 0 && got == value;
}

/* After shutdown(2), a TCP listener no longer listens. */
static socket_set deaf_sockets(void)
{
    socket_set deaf = 0;

    for (size_t i = 0; i < passed_count; i++)
        if (has_option(passed[i].fd, SO_ACCEPTCONN, 0) &&
            !has_option(passed[i].fd, SO_TYPE, SOCK_DGRAM))
            deaf |= 1ULL << i;
    return deaf;
}

/* ---- A process's descriptors ---- */

enum kind { SOCKET, EPOLL, URING };

static struct held {
    int fd;
    enum kind kind;
    socket_set sockets; /* the passed sockets that it can wait for */
} held[MOST_HELD];

static size_t held_count;
static unsigned long other;     /* the inode number of a socket that was not passed, or 0 */
static size_t descriptors_left; /* how many this look may still read */

static socket_set sockets_of(int fd)
{
    for (size_t i = 0; i < held_count; i++)
        if (held[i].fd == fd)
            return held[i].sockets;
    return 0;
}

static void hold(int fd, const char *target)
{
    static const char socket[] = "socket:[";
    struct held one = {.fd = fd, .kind = SOCKET};
    unsigned long inode = 0;

    if (strncmp(target, socket, strlen(socket)) == 0)
        inode = strtoul(target + strlen(socket), NULL, 10);
    else if (strcmp(target, "anon_inode:[eventpoll]") == 0)
        one.kind = EPOLL;
    else if (strcmp(target, "anon_inode:[io_uring]") == 0)
        one.kind = URING;
    one.sockets = with_inode(inode);
    if ((one.sockets || one.kind != SOCKET) && held_count < MOST_HELD)
        held[held_count++] = one;
    else if (inode)
        other = inode;
}

/* Uses readlink(2), which does not touch the file systems of open files. Returns 0 when the
 * descriptors cannot be seen, or when the process is ending and has closed them. */
static int read_descriptors(pid_t process)
{
    char path[48], target[64];
    int any = 0;
    struct dirent *entry;
    ssize_t length;
    DIR *folder;

    held_count = other = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    folder = opendir(path);
    if (!folder)
        return 0;
    while (descriptors_left > 0 && (entry = readdir(folder)) != NULL) {
        descriptors_left--;
        length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        any = 1;
        hold((int)atol(entry->d_name), target);
    }
    closedir(folder);
    return any;
}

/* ---- epoll and io_uring ---- */

static FILE *open_fdinfo(pid_t process, int fd)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)process, fd);
    return fopen(path, "re");
}

/* The passed sockets that a member line of an epoll set leads to. The member can be another set;
 * then tfd is a descriptor of this process. */
static socket_set member(const char *line)
{
    unsigned long inode;
    unsigned events, device;
    socket_set sockets;
    int fd;

    if (sscanf(line, "tfd: %d events: %x data: %*x pos:%*d ino:%lx sdev:%x", &fd, &events, &inode,
               &device) != 4 ||
        !(events & (EPOLLIN | EPOLLRDNORM)))
        return 0;
    sockets = with_inode_on(inode, device);
    for (size_t i = 0; i < held_count && !sockets; i++)
        if (held[i].fd == fd && held[i].kind == EPOLL)
            sockets = held[i].sockets;
    return sockets;
}

static socket_set members(pid_t process, int fd)
{
    FILE *file = open_fdinfo(process, fd);
    socket_set sockets = 0;
    char line[256];

    while (file && descriptors_left > 0 && fgets(line, sizeof line, file)) {
        descriptors_left--;
        sockets |= member(line);
    }
    if (file)
        fclose(file);
    return sockets;
}

static void read_sets(pid_t process)
{
    for (int depth = 0; depth < 2; depth++)
        for (size_t i = 0; i < held_count; i++)
            if (held[i].kind == EPOLL)
                held[i].sockets |= members(process, held[i].fd);
}

/* Is an accept pending in that ring? The kernel does not show for which socket. */
static int ring_accepts(pid_t process, int fd)
{
    FILE *file = open_fdinfo(process, fd);
    char line[256];
    int found = 0;
    unsigned operation;

    while (file && !found && descriptors_left > 0 && fgets(line, sizeof line, file)) {
        descriptors_left--;
        found = sscanf(line, " op=%u, task_works=", &operation) == 1 &&
                operation == 13; /* IORING_OP_ACCEPT */
    }
    if (file)
        fclose(file);
    return found;
}

/* ---- What a thread waits for ---- */

static int copy_from(pid_t process, void *to, unsigned long long from, size_t size)
{
    struct iovec local = {to, size}, remote = {(void *)(uintptr_t)from, size};

    return process_vm_readv(process, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static socket_set polled(pid_t process, unsigned long long entries, unsigned long long count)
{
    static struct pollfd copy[MOST_POLLED];
    socket_set sockets = 0;
    size_t n = count < MOST_POLLED ? (size_t)count : MOST_POLLED;

    if (!copy_from(process, copy, entries, n * sizeof *copy))
        return 0;
    for (size_t i = 0; i < n; i++)
        if (copy[i].events & (POLLIN | POLLRDNORM))
            sockets |= sockets_of(copy[i].fd);
    return sockets;
}

/* The kernel's fd_set is an array of unsigned long, and may be longer than libc's. */
static socket_set selected(pid_t process, unsigned long long set, unsigned long long limit)
{
    enum { BITS = 8 * sizeof(unsigned long) };
    static unsigned long copy[MOST_POLLED / BITS];
    size_t bits = limit < MOST_POLLED ? (size_t)limit : MOST_POLLED;
    socket_set sockets = 0;

    if (!set || !copy_from(process, copy, set, (bits + BITS - 1) / BITS * sizeof *copy))
        return 0;
    for (size_t i = 0; i < held_count; i++) {
        size_t fd = (size_t)held[i].fd;
        if (fd < bits && copy[fd / BITS] >> fd % BITS & 1)
            sockets |= held[i].sockets;
    }
    return sockets;
}

/* Not every architecture has all of these system calls. */
static socket_set waited_for(pid_t process, long call, const unsigned long long *arguments)
{
    switch (call) {
#ifdef SYS_ppoll_time64 /* on 32-bit systems */
    case SYS_ppoll_time64:
#endif
#ifdef SYS_poll
    case SYS_poll:
#endif
    case SYS_ppoll:
        return polled(process, arguments[0], arguments[1]);
#ifdef SYS_ppoll_time64
    case SYS_pselect6_time64:
#endif
#ifdef SYS__newselect
    case SYS__newselect:
#elif defined(SYS_select)
    case SYS_select:
#endif
    case SYS_pselect6:
        return selected(process, arguments[1], arguments[0]);
#ifdef SYS_poll
    case SYS_epoll_wait:
#endif
#ifdef SYS_epoll_pwait2
    case SYS_epoll_pwait2:
#endif
#ifdef SYS_accept
    case SYS_accept:
#endif
    case SYS_accept4:
    case SYS_epoll_pwait:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_read:
        return sockets_of((int)arguments[0]);
    default:
        return 0;
    }
}

/* Looks only at the kernel function in which the thread sleeps. This is for where the call is not
 * shown (Yama's ptrace_scope 2), or is a 32-bit call, whose numbers mean other calls. */
static socket_set waited_for_in(pid_t process, pid_t thread)
{
    socket_set sets = 0, sockets = 0;
    char place[64];

    if (read_proc(place, sizeof place, "/proc/%d/task/%d/wchan", (int)process, (int)thread) <= 0)
        return 0;
    for (size_t i = 0; i < held_count; i++)
        *(held[i].kind == EPOLL ? &sets : &sockets) |= held[i].sockets;
    if (strstr(place, "epoll_wait") || strstr(place, "ep_poll"))
        return sets;
    return strstr(place, "accept") ? sockets : 0;
}

static int is_stopped(pid_t process, pid_t thread)
{
    char text[512];
    const char *behind_name;

    if (read_proc(text, sizeof text, "/proc/%d/task/%d/stat", (int)process, (int)thread) <= 0)
        return 1;
    behind_name = strrchr(text, ')');
    return !behind_name || behind_name[1] == '\0' || behind_name[2] == 'T' || behind_name[2] == 't';
}

static int is_busy; /* a thread of the process was running, so it could not be seen waiting */

/* Parses "232 0x4 ... SP PC", or "running". Returns 1 when the thread sleeps in that call, 0 when
 * it does not sleep or has ended, -1 when the call is not shown or is a 32-bit call: only then is
 * the stack below 4 GiB. */
static int read_call(pid_t process, pid_t thread, long *call, unsigned long long *arguments)
{
    unsigned long long stack;
    char text[256];

    if (read_proc(text, sizeof text, "/proc/%d/task/%d/syscall", (int)process, (int)thread) <= 0)
        return errno == EACCES || errno == EPERM ? -1 : 0;
    if (sscanf(text, "%ld %llx %llx %llx %llx %llx %llx %llx", call, &arguments[0], &arguments[1],
               &arguments[2], &arguments[3], &arguments[4], &arguments[5], &stack) == 8)
        return sizeof(long) == 8 && stack >> 32 == 0 ? -1 : 1;
    is_busy |= strncmp(text, "running", strlen("running")) == 0;
    return 0;
}

static socket_set awaited(pid_t process, pid_t thread)
{
    unsigned long long arguments[6];
    socket_set sockets = 0;
    long call;

    switch (read_call(process, thread, &call, arguments)) {
    case 1:
        sockets = waited_for(process, call, arguments);
        break;
    case -1:
        sockets = waited_for_in(process, thread);
        break;
    }
    return sockets && !is_stopped(process, thread) ? sockets : 0;
}

/* ---- One process, and the whole tree ---- */

static size_t threads_left; /* how many this look may still read */

static socket_set awaited_by(const struct tree_process *process)
{
    static pid_t threads[MOST_THREADS];
    size_t count = process_threads(process, threads, threads_left);
    socket_set waits = 0, all = 0;

    threads_left -= count;
    is_busy = 0;
    for (size_t i = 0; i < count; i++)
        waits |= awaited(process->id, threads[i]);
    for (size_t i = 0; i < held_count; i++)
        all |= held[i].sockets;
    for (size_t i = 0; i < held_count && (waits & all) != all; i++)
        if (held[i].kind == URING && ring_accepts(process->id, held[i].fd) &&
            !is_stopped(process->id, process->id))
            waits |= all;
    return waits;
}

enum possession { HAS_NONE, GOT_NONE, HAS_SOME, CANNOT_BE_SEEN };

static enum possession possessions[MOST_PROCESSES];

static enum possession possession_of(const struct tree_process *process)
{
    if (!read_descriptors(process->id))
        return CANNOT_BE_SEEN;
    for (size_t i = 0; i < held_count; i++)
        if (held[i].kind == SOCKET)
            return HAS_SOME;
    return HAS_NONE;
}

static size_t root_of(const struct process_tree *tree, size_t index)
{
    while (tree->list[index].parent >= 0)
        index = (size_t)tree->list[index].parent;
    return index;
}

/* For a process that has passed sockets. */
static void look_at_owner(const struct process_tree *tree, size_t index, struct sight *sight)
{
    const struct tree_process *process = &tree->list[index];
    socket_set waits;

    read_sets(process->id);
    waits = awaited_by(process);
    for (size_t i = 0; i < held_count; i++)
        if (held[i].kind == EPOLL)
            sight->registered |= held[i].sockets;
    for (size_t i = 0; i < held_count && is_busy && other; i++) {
        sight->holds |= held[i].sockets;
        sight->other = other;
        sight->busy = process->id;
    }
    if (waits && !sight->waits)
        sight->process = process->id;
    if ((waits && !sight->waits) || !sight->child)
        sight->child = tree->list[root_of(tree, index)].id;
    sight->waits |= waits;
    sight->owner = process->id;
}

static void look_at(const struct process_tree *tree, size_t index, struct sight *sight)
{
    const struct tree_process *process = &tree->list[index];

    sight->processor += process->processor;
    sight->is_running |= process->state == 'R' || process->state == 'D';
    if (process->state == 'T')
        sight->stopped = process->id;
    possessions[index] = possession_of(process);
    if (possessions[index] == HAS_SOME)
        look_at_owner(tree, index, sight);
    if (possessions[index] == HAS_NONE && process->parent >= 0 &&
        (possessions[process->parent] == HAS_SOME || possessions[process->parent] == GOT_NONE))
        possessions[index] = GOT_NONE;
}

static int has_child_with_sockets(const struct process_tree *tree, int owner)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->list[i].parent == owner && possessions[i] == HAS_SOME)
            return 1;
    return 0;
}

/* A server may start helpers that need no sockets, as Python's resource tracker, beside workers
 * that got them. */
static long bare_process(const struct process_tree *tree)
{
    for (size_t i = tree->count; i-- > 0;) {
        int owner = tree->list[i].parent;
        if (possessions[i] != GOT_NONE)
            continue;
        while (possessions[owner] == GOT_NONE)
            owner = tree->list[owner].parent;
        if (!has_child_with_sockets(tree, owner))
            return tree->list[i].id;
    }
    return 0;
}

/* The command itself may have closed the sockets that it got. */
static int nobody_has_any(const struct process_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        if (possessions[i] != HAS_NONE)
            return 0;
    return 1;
}

void accepting_look(const struct child *child, struct sight *sight)
{
    static struct process_tree tree;

    memset(sight, 0, sizeof *sight);
    sight->is_proof = 1;
    sight->deaf = deaf_sockets();
    descriptors_left = MOST_DESCRIPTORS;
    threads_left = MOST_THREADS;
    process_tree_read(&tree, child);
    for (size_t i = 0; i < tree.count; i++)
        look_at(&tree, i, sight);
    sight->bare = bare_process(&tree);
    if (passed_count > 0 && tree.count > 0 && nobody_has_any(&tree))
        sight->bare = tree.list[tree.count - 1].id;
}

void accepting_command(long process, char *text, size_t size)
{
    ssize_t length = read_proc(text, size, "/proc/%ld/cmdline", process);

    while (length > 0 && text[length - 1] == '\0') /* a process title may be padded with NULs */
        length--;
    for (ssize_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    text[length > 0 ? length : 0] = '\0';
}

#endif
