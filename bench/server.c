/* SPDX-License-Identifier: MIT
 * The server that is restarted under load. Like a real one it needs a while before it listens,
 * finishes the request in hand when it is told to stop, and says READY=1 where somebody asks
 * (sd_notify(3)).
 *
 *   server STARTUP_MS ADDRESS [FILE]    takes the listener that was passed, or binds ADDRESS
 *
 * With FILE it is one that is edited: it answers with the line that FILE had when it began, and, as
 * most servers, does not say READY=1.
 *
 * Prints "PID ready on PORT" and, in the end, "PID ended". */
#include "listenfd.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;
static sigset_t while_waiting;
static char response[192];

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

/* The signal gets through only while the server waits: no request is cut off. */
static void catch_term(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigset_t term;

    sigaction(SIGTERM, &action, NULL);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &while_waiting);
}

static void start_up(int ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000L};

    while (nanosleep(&left, &left) < 0 && errno == EINTR) {
    }
}

static void say_ready(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = name ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

    if (fd < 0)
        return;
    strncpy(address.sun_path, name, sizeof address.sun_path - 1);
    if (*name == '@')
        address.sun_path[0] = '\0';
    sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&address,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)));
    close(fd);
}

static unsigned port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    getsockname(fd, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

static void write_response(const char *path)
{
    char line[64] = "hello\n";
    FILE *file = path ? fopen(path, "r") : NULL;

    if (file && !fgets(line, sizeof line, file))
        *line = '\0';
    if (file)
        fclose(file);
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %u\r\n\r\n%s",
             (unsigned)strlen(line), line);
}

/* Whatever it asks, in one packet: this is no web server. */
static void answer(int client)
{
    char request[4096];

    if (recv(client, request, sizeof request, 0) > 0)
        send(client, response, strlen(response), MSG_NOSIGNAL);
    close(client);
}

int main(int argc, char **argv)
{
    struct pollfd listener = {.events = POLLIN};
    struct listenfd *passed;

    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: server STARTUP_MS ADDRESS [FILE]\n");
        return 2;
    }
    catch_term();
    write_response(argv[3]);
    start_up(atoi(argv[1]));
    passed = listenfd_from_env(LISTENFD_NONBLOCK);
    if (listenfd_take_or_bind(passed, 0, argv[2], &listener.fd) < 0) {
        fprintf(stderr, "server: %s\n", listenfd_message(passed));
        return 1;
    }
    listenfd_free(passed);

    if (argc == 3)
        say_ready();
    printf("%ld ready on %u\n", (long)getpid(), port_of(listener.fd));
    fflush(stdout);
    while (!stopping) {
        int client =
            ppoll(&listener, 1, NULL, &while_waiting) > 0 ? accept(listener.fd, NULL, NULL) : -1;
        if (client >= 0) /* else another process was faster */
            answer(client);
    }
    printf("%ld ended\n", (long)getpid());
    return 0;
}
