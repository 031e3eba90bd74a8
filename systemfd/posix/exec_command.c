/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall() */
#endif
#include "exec_command.h"

#include "descriptors.h"
#include "dialects.h"
#include "variables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif

/* ---- Descriptors ---- */

static void place(int fd, int number)
{
    if (dup2(fd, number) < 0)
        die(EXIT_CANNOT_OPEN, "cannot place descriptor %d: %s", number, strerror(errno));
}

/* Moves all descriptors above the final numbers first, so that none is overwritten before its turn,
 * and then to the final numbers. dup2 leaves close-on-exec off. */
static void place_descriptors(const struct sockets *sockets)
{
    size_t count = sockets_passed(sockets);
    int behind = FIRST_FD + (int)count;

    for (size_t i = 0; i < count; i++) {
        int fd = fcntl(sockets->list[i].fd, F_DUPFD_CLOEXEC, behind);
        if (fd < 0)
            die(EXIT_CANNOT_OPEN, "cannot move descriptor %d: %s", sockets->list[i].fd,
                strerror(errno));
        sockets->list[i].fd = fd;
    }
    for (size_t i = 0; i < count; i++)
        place(sockets->list[i].fd, socket_number(sockets, i, FIRST_FD));
}

/* ---- Variables ---- */

static void set_names(const struct sockets *sockets)
{
    char *names = sockets_names(sockets);

    set_variable("LISTEN_FDNAMES", names);
    free(names);
}

/* The inode number of this process's pidfd, which exec does not change (systemd pull request
 * 38256); 0 where the kernel has no pidfs (Linux 6.9). */
static unsigned long long own_pidfd_inode(void)
{
    unsigned long long inode = 0;
#if defined(__linux__) && defined(SYS_pidfd_open)
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    struct statfs system;
    struct stat status;

    if (pidfd >= 0 && fstatfs(pidfd, &system) == 0 && fstat(pidfd, &status) == 0 &&
        (unsigned long)system.f_type == 0x50494446UL) /* PIDFS_MAGIC */
        inode = status.st_ino;
    if (pidfd >= 0)
        close(pidfd);
#endif
    return inode;
}

static void set_pid(void)
{
    unsigned long long inode = own_pidfd_inode();

    set_number("LISTEN_PID", (unsigned long long)getpid());
    if (inode)
        set_number("LISTEN_PIDFDID", inode);
}

/* listenfd_from_env has already removed the variables that systemfd was started with. */
static void set_variables(const struct sockets *sockets, int with_pid)
{
    size_t count = sockets_passed(sockets) - sockets->at_stdin;

    if (count == 0)
        return;
    set_number("LISTEN_FDS", count);
    set_number("LISTEN_FDS_FIRST_FD", FIRST_FD);
    if (sockets->named)
        set_names(sockets);
    if (with_pid)
        set_pid();
}

/* ---- Exec ---- */

/* Is the command a file in the current folder? PATH seldom contains that. */
static int is_here(const char *command)
{
    struct stat status;

    return !strchr(command, '/') && stat(command, &status) == 0 && S_ISREG(status.st_mode) &&
           access(command, X_OK) == 0;
}

/* When execvp(3) does not find a file that exists, the interpreter that it names is missing. */
__attribute__((noreturn)) static void die_of_exec(const char *command)
{
    if (errno != ENOENT)
        die(EXIT_CANNOT_EXECUTE, "cannot execute '%s': %s", command, strerror(errno));
    if (strchr(command, '/') && access(command, F_OK) == 0)
        die(EXIT_CANNOT_EXECUTE, "cannot execute '%s': the interpreter that it names is missing",
            command);
    if (is_here(command))
        die(EXIT_NOT_FOUND, "cannot find the command '%s'; did you mean ./%s?", command, command);
    die(EXIT_NOT_FOUND, "cannot find the command '%s'", command);
}

void exec_command(char **command)
{
    close_from_on_exec(FIRST_FD); /* no descriptor is left open by accident */
    execvp(command[0], command);
    die_of_exec(command[0]);
}

void exec_server(const struct sockets *sockets, const struct options *options, unsigned generation)
{
    place_descriptors(sockets);
    if (options->inetd)
        place(STDIN_FILENO, STDOUT_FILENO);
    close_from_on_exec(FIRST_FD + (int)(sockets_passed(sockets) - sockets->at_stdin));
    set_variables(sockets, !options->no_pid);
    if (options->export_start_server)
        export_start_server(sockets, generation);
    if (options->export_einhorn)
        export_einhorn(sockets);
    execvp(options->command[0], options->command);
    die_of_exec(options->command[0]);
}
