/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct {
    const char *name;
    int number;
} names[] = {
    {"HUP", SIGHUP},     {"INT", SIGINT},   {"QUIT", SIGQUIT},     {"ILL", SIGILL},
    {"ABRT", SIGABRT},   {"FPE", SIGFPE},   {"KILL", SIGKILL},     {"SEGV", SIGSEGV},
    {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},     {"USR1", SIGUSR1},
    {"USR2", SIGUSR2},   {"BUS", SIGBUS},   {"SYS", SIGSYS},       {"TRAP", SIGTRAP},
    {"WINCH", SIGWINCH}, {"CONT", SIGCONT}, {"STOP", SIGSTOP},     {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ},   {"CHLD", SIGCHLD}, {"TSTP", SIGTSTP},     {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},   {"URG", SIGURG},   {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},
};

enum { NAMES = sizeof names / sizeof names[0] };

static const int caught[] = {SIGCHLD, SIGHUP,   SIGINT,  SIGQUIT, SIGTERM, SIGALRM, SIGUSR1,
                             SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT, SIGPIPE, SIGTTIN, SIGTTOU};

enum { CAUGHT = sizeof caught / sizeof caught[0] };

static struct sigaction before[CAUGHT];
static int pipe_ends[2];

int signal_number(const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);

    if (*name >= '0' && *name <= '9')
        return *end == '\0' && number > 0 && number < 65 ? (int)number : 0;
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (int i = 0; i < NAMES; i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].number;
    return 0;
}

const char *signal_name(int number)
{
    for (int i = 0; i < NAMES; i++)
        if (names[i].number == number)
            return names[i].name;
    return "unknown";
}

static void pass_on(int number)
{
    int saved_errno = errno;
    unsigned char byte = (unsigned char)number;

    /* If the pipe is full, enough signals wait in it already. */
    ssize_t written = write(pipe_ends[1], &byte, 1);

    (void)written;
    errno = saved_errno;
}

/* Non-blocking, as neither the signal handler nor the poll loop may ever wait. */
static int prepare_end(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* Without PIPE and TTIN, write(2) and read(2) report the error themselves. Without TTOU, systemfd
 * can take a terminal back from a build that had it for a while (terminal.h, tcsetpgrp(3)). */
static int is_ignored(int number)
{
    return number == SIGPIPE || number == SIGTTIN || number == SIGTTOU;
}

int signals_open(void)
{
    struct sigaction action;

    if (pipe(pipe_ends) < 0 || prepare_end(pipe_ends[0]) < 0 || prepare_end(pipe_ends[1]) < 0)
        die(EXIT_CANNOT_OPEN, "cannot make a pipe: %s", strerror(errno));
    memset(&action, 0, sizeof action);
    action.sa_handler = pass_on;
    action.sa_flags = SA_RESTART;
    for (int i = 0; i < CAUGHT; i++) {
        action.sa_handler = is_ignored(caught[i]) ? SIG_IGN : pass_on;
        sigaction(caught[i], &action, &before[i]);
    }
    return pipe_ends[0];
}

int signals_nohup(void)
{
    for (int i = 0; i < CAUGHT; i++)
        if (caught[i] == SIGHUP)
            return before[i].sa_handler == SIG_IGN;
    return 0;
}

void signals_stop(pid_t who)
{
    struct sigaction usual, ours;

    memset(&usual, 0, sizeof usual);
    usual.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &usual, &ours);
    kill(who, SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
}

void signals_restore(void)
{
    for (int i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &before[i], NULL);
}
