/* SPDX-License-Identifier: MIT
 * A server with good and bad habits, for tests of the launcher.
 *
 *   server [HABIT...]
 *     ready      says READY=1 (sd_notify)
 *     late       says READY=1 when the file ../ready exists, and answers no request before
 *     deaf       does not end on SIGTERM
 *     forking    has three children, and does not tell them when it ends
 *     strict     wants LISTEN_PID (LISTENFD_REQUIRE_PID)
 *     closing    shuts its listeners down when it ends
 *     unlinking  unlinks the paths of its unix sockets when it ends
 *
 * Serves every socket that it was passed. Prints what it does, each line with "server PID" in
 * front. Over HTTP it answers "TEXT PID\n", where TEXT is the first line of the file "text" at its
 * start; if that is "broken", it ends at once. The requests /segv, /abort and /exit/N end it, and
 * so does /leave, which leaves a child behind. After /shutdown it goes on with listeners that are
 * shut down. */
#include "listenfd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_LISTENERS = 8 };

static volatile sig_atomic_t stopped_by;
static int deaf;
static sigset_t waiting; /* the signal mask while the server waits */
static char text[128];

static void stop(int number)
{
    stopped_by = number;
}

static void do_not_hear(int number)
{
    static const char message[] = "server is deaf\n";
    ssize_t written = write(STDOUT_FILENO, message, sizeof message - 1);

    (void)written;
    (void)number;
}

static int has_habit(char **argv, const char *habit)
{
    while (*argv)
        if (strcmp(*argv++, habit) == 0)
            return 1;
    return 0;
}

static void say(const char *what)
{
    printf("server %ld %s\n", (long)getpid(), what);
    fflush(stdout);
}

static const char *variable(const char *name)
{
    return getenv(name) ? getenv(name) : "unset";
}

static void read_text(void)
{
    FILE *file = fopen("text", "r");

    if (!file || !fgets(text, sizeof text, file))
        strcpy(text, "hello");
    text[strcspn(text, "\n")] = '\0';
    if (file)
        fclose(file);
}

/* Sends the message as libsystemd's sd_notify does. */
static void say_ready(void)
{
    const char *name = getenv("NOTIFY_SOCKET"), message[] = "STATUS=it goes well\nREADY=1\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t size;

    if (!name || strlen(name) >= sizeof address.sun_path) {
        say("has no NOTIFY_SOCKET");
        exit(4);
    }
    strcpy(address.sun_path, name);
    if (*name == '@')
        address.sun_path[0] = '\0';
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    if (sendto(fd, message, strlen(message), 0, (struct sockaddr *)&address, size) < 0) {
        say("cannot say READY=1");
        exit(4);
    }
    close(fd);
}

static void wait_for_permission(void)
{
    const struct timespec pause = {0, 5000000};

    say("waits");
    while (access("../ready", F_OK) < 0 && !stopped_by)
        ppoll(NULL, 0, &pause, &waiting);
}

/* The child only lives: it neither accepts nor writes. If the server is deaf, its signals stay
 * blocked. */
static pid_t leave_child(int client)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    close(client);
    signal(SIGTERM, SIG_DFL);
    if (!deaf)
        sigprocmask(SIG_SETMASK, &waiting, NULL);
    for (;;)
        pause();
}

static void respond(int client, const char *what, long pid)
{
    char body[192], response[384];

    snprintf(body, sizeof body, "%s %ld\n", what, pid);
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
             "Content-Length: %u\r\n\r\n%s",
             (unsigned)strlen(body), body);
    send(client, response, strlen(response), 0);
    close(client);
}

static void shut_down(const struct pollfd *listeners, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++)
        shutdown(listeners[i].fd, SHUT_RDWR);
}

static void unlink_paths(const struct pollfd *listeners, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++) {
        struct sockaddr_un address = {0};
        socklen_t size = sizeof address - 1;
        if (getsockname(listeners[i].fd, (struct sockaddr *)&address, &size) == 0 &&
            address.sun_family == AF_UNIX)
            unlink(address.sun_path);
    }
}

/* Returns whether the client asked for a shutdown. */
static int answer(int client)
{
    char request[4096] = "", path[256] = "/";
    size_t length = 0;
    ssize_t got = 1;

    while (got > 0 && length < sizeof request - 1 && !strstr(request, "\r\n\r\n")) {
        got = recv(client, request + length, sizeof request - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
    }
    sscanf(request, "%*s %255s", path);
    if (strcmp(path, "/leave") == 0) {
        respond(client, "left", (long)leave_child(client));
        exit(0);
    }
    respond(client, text, (long)getpid());
    if (strcmp(path, "/segv") == 0)
        raise(SIGSEGV);
    if (strcmp(path, "/abort") == 0)
        abort();
    if (strncmp(path, "/exit/", 6) == 0)
        exit(atoi(path + 6));
    return strcmp(path, "/shutdown") == 0;
}

/* A memfd that was stored is none. */
static int is_socket(int fd)
{
    int type;
    socklen_t size = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

static nfds_t take_listeners(struct listenfd *passed, struct pollfd *listeners)
{
    nfds_t count = 0;
    int fd;

    for (size_t i = 0; i < listenfd_count(passed) && count < MAX_LISTENERS; i++)
        if (listenfd_take_raw(passed, i, &fd) == 1 && is_socket(fd)) {
            listeners[count].fd = fd;
            listeners[count++].events = POLLIN;
        }
    return count;
}

/* Signals are let through only in ppoll, so that none is missed. */
static void serve(struct pollfd *listeners, nfds_t count)
{
    const struct timespec pause = {0, 5000000};

    while (!stopped_by) {
        if (ppoll(listeners, count, NULL, &waiting) <= 0)
            continue;
        for (nfds_t i = 0; i < count; i++) {
            int client = listeners[i].revents ? accept(listeners[i].fd, NULL, NULL) : -1;
            if (client >= 0 && answer(client)) /* below 0: another process was faster */
                shut_down(listeners, count);
            if (listeners[i].revents & POLLHUP) /* shut down: wait a little for the repair */
                ppoll(NULL, 0, &pause, &waiting);
        }
    }
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct sigaction action = {.sa_handler = stop};
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        sigaction(numbers[i], &action, NULL);
        sigaddset(&blocked, numbers[i]);
    }
    if (deaf)
        signal(SIGTERM, do_not_hear);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &blocked, &waiting);
}

int main(int argc, char **argv)
{
    char pid_variables[128];
    struct pollfd listeners[MAX_LISTENERS];
    struct listenfd *passed;
    nfds_t count;

    (void)argc;
    snprintf(pid_variables, sizeof pid_variables, "begins: LISTEN_PID %s LISTEN_PIDFDID %s",
             variable("LISTEN_PID"), variable("LISTEN_PIDFDID"));
    say(pid_variables);
    passed = listenfd_from_env(LISTENFD_NONBLOCK |
                               (has_habit(argv, "strict") ? LISTENFD_REQUIRE_PID : 0u));
    if (listenfd_status(passed) != LISTENFD_PASSED) {
        say(listenfd_message(passed));
        return 5;
    }
    count = take_listeners(passed, listeners);
    listenfd_free(passed);
    deaf = has_habit(argv, "deaf");
    catch_signals();
    read_text();
    if (strcmp(text, "broken") == 0) {
        say("is broken");
        return 3;
    }
    for (int i = 0; i < 3 && has_habit(argv, "forking"); i++)
        leave_child(-1);
    if (has_habit(argv, "late"))
        wait_for_permission();
    if (has_habit(argv, "late") || has_habit(argv, "ready"))
        say_ready();
    serve(listeners, count);
    if (has_habit(argv, "closing"))
        shut_down(listeners, count);
    if (has_habit(argv, "unlinking"))
        unlink_paths(listeners, count);
    say(stopped_by == SIGTERM  ? "ends: TERM"
        : stopped_by == SIGINT ? "ends: INT"
        : stopped_by == SIGHUP ? "ends: HUP"
                               : "ends: USR1");
    return 0;
}
