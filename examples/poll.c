/* SPDX-License-Identifier: MIT
 * Three kinds of sockets in one loop, with poll(), each found by its name: web is TCP and speaks
 * HTTP, echo is UDP, admin is a unix socket that tells how many there were. What was not passed is
 * bound here. On SIGTERM it accepts no more, and ends when the last connection is answered.
 *
 *   cc -o poll poll.c $(pkg-config --cflags --libs listenfd)
 *   systemfd -s web=http::5000 -s echo=udp::5000 -s admin=unix::./admin.sock -- ./poll */
#define _GNU_SOURCE 1 /* accept4 */
#include "listenfd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __APPLE__
#include "macos.h"
#endif

#define ADMIN_PATH "./admin.sock"

enum { PATIENCE_MS = 10000 };

/* The places in the table: the sockets, the pipe that a signal writes to, the connections. */
enum { WEB, ECHO, ADMIN, SIGNAL, FIRST_CLIENT, PLACES = FIRST_CLIENT + 64 };

static struct pollfd polled[PLACES];
static nfds_t used = FIRST_CLIENT;

static struct request {
    size_t length;
    char text[4096];
} requests[PLACES];

static unsigned long answered, echoed;
static int signal_pipe;
static int own_path; /* is the unix socket's file ours to remove? */

/* ---- Connections of web ---- */

static void add_client(int fd)
{
    polled[used] = (struct pollfd){.fd = fd, .events = POLLIN};
    memset(&requests[used], 0, sizeof requests[used]);
    used++;
}

static void remove_client(nfds_t place)
{
    close(polled[place].fd);
    used--;
    polled[place] = polled[used];
    requests[place] = requests[used];
}

/* The buffer of a new connection is empty, and takes it whole. */
static void answer(int fd)
{
    char response[160], body[64];

    snprintf(body, sizeof body, "hello from process %ld\n", (long)getpid());
    snprintf(response, sizeof response,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
             body);
    send(fd, response, strlen(response), MSG_NOSIGNAL);
    answered++;
}

/* To the blank line. No room left counts as the end. */
static void read_request(nfds_t place)
{
    struct request *request = &requests[place];
    int fd = polled[place].fd;
    ssize_t got =
        recv(fd, request->text + request->length, sizeof request->text - 1 - request->length, 0);

    if (got < 0 && errno == EAGAIN)
        return;
    if (got > 0) {
        request->length += (size_t)got;
        if (!strstr(request->text, "\r\n\r\n"))
            return;
        answer(fd);
    }
    remove_client(place);
}

/* ---- Events. EAGAIN, everywhere: another process that shares the socket was faster. ---- */

static void accept_client(void)
{
    int fd = accept4(polled[WEB].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0)
        add_client(fd);
}

static void echo_datagram(void)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    char text[1500];
    ssize_t got = recvfrom(polled[ECHO].fd, text, sizeof text, 0, (struct sockaddr *)&peer, &size);

    if (got < 0)
        return;
    sendto(polled[ECHO].fd, text, (size_t)got, 0, (struct sockaddr *)&peer, size);
    echoed++;
}

static void report(void)
{
    int fd = accept4(polled[ADMIN].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    char text[80];

    if (fd < 0)
        return;
    snprintf(text, sizeof text, "%lu requests, %lu datagrams\n", answered, echoed);
    send(fd, text, strlen(text), MSG_NOSIGNAL);
    close(fd);
}

/* Closed, and never shutdown(), which ends a listener for the launcher, too. */
static void stop_listening(void)
{
    for (nfds_t place = WEB; place <= ADMIN; place++) {
        close(polled[place].fd);
        polled[place].fd = -1; /* poll skips it */
    }
    polled[SIGNAL].fd = -1; /* not closed: another signal may come */
    if (own_path)
        unlink(ADMIN_PATH);
}

static void handle_events(void)
{
    for (nfds_t place = used; place-- > FIRST_CLIENT;) /* downwards: removing moves the last one */
        if (polled[place].revents)
            read_request(place);
    if (polled[WEB].revents & POLLIN)
        accept_client();
    if (polled[ECHO].revents)
        echo_datagram();
    if (polled[ADMIN].revents)
        report();
    if (polled[SIGNAL].revents)
        stop_listening();
}

static int serve(void)
{
    while (polled[WEB].fd >= 0 || used > FIRST_CLIENT) {
        int count;

        polled[WEB].events = used < PLACES ? POLLIN : 0; /* the others wait in the queue */
        count = poll(polled, used, polled[WEB].fd >= 0 ? -1 : PATIENCE_MS);
        if (count == 0) /* a client that is silent for so long is not waited for */
            break;
        if (count > 0)
            handle_events();
        else if (errno != EINTR) {
            perror("poll: poll");
            return 1;
        }
    }
    return 0;
}

/* ---- Start ---- */

/* The passed socket, or one with web's address. */
static int take_or_bind_echo(struct listenfd *passed, int web, int *fd)
{
    char address[64], text[80];

    listenfd_address(web, address, sizeof address);
    snprintf(text, sizeof text, "udp::%s", address);
    return listenfd_take_or_bind(passed, listenfd_find_name(passed, "echo", 0), text, fd);
}

static int take_sockets(const char *address)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_NONBLOCK);
    size_t web = listenfd_find_name(passed, "web", 0);
    size_t admin = listenfd_find_name(passed, "admin", 0);
    int result = listenfd_take_or_bind(passed, web, address, &polled[WEB].fd);

    if (result >= 0)
        result = take_or_bind_echo(passed, polled[WEB].fd, &polled[ECHO].fd);
    if (result >= 0)
        result = listenfd_take_or_bind(passed, admin, ADMIN_PATH, &polled[ADMIN].fd);
    if (result < 0)
        fprintf(stderr, "poll: %s\n", listenfd_message(passed));
    own_path = result == LISTENFD_BOUND;
    listenfd_free(passed);
    return result >= 0;
}

/* A flag would be seen too late: only what poll waits for ends its wait for sure. */
static void on_signal(int number)
{
    (void)number;
    if (write(signal_pipe, "", 1) < 0) { /* full: it was told already */
    }
}

static int handle_signals(void)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return 0;
    polled[SIGNAL].fd = ends[0];
    signal_pipe = ends[1];
    return signal(SIGTERM, on_signal) != SIG_ERR && signal(SIGINT, on_signal) != SIG_ERR;
}

int main(int argc, char **argv)
{
    if (!take_sockets(argc > 1 ? argv[1] : "127.0.0.1:5000"))
        return 1;
    if (!handle_signals()) {
        perror("poll: cannot handle signals");
        return 1;
    }
    for (nfds_t place = 0; place < FIRST_CLIENT; place++)
        polled[place].events = POLLIN;
    listenfd_notify("READY=1"); /* to whoever wants to know: systemd, systemfd */
    return serve();
}
