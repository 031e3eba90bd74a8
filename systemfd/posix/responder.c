/* SPDX-License-Identifier: MIT
 * On POSIX the responder is a separate process, which serves all its clients by poll(2). It leaves
 * the listeners blocking or non-blocking as they are: the servers share that mode. */
#include "page/responder.h"

#include "clock.h"
#include "page/visit.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    MAX_LISTENERS = 16,
    MAX_VISITS = 100, /* further clients wait in the listeners' queues */
    ACCEPT_MS = 10,   /* how long accept(2) may wait for a client that another process took */
    REST_MS = 100     /* pause when accept(2) fails, because descriptors have run out, say */
};

/* ---- In the responder's process ---- */

static struct visit visits[MAX_VISITS];
static size_t visiting;
static long long resting_until;

static void forget(size_t index)
{
    visits[index] = visits[--visiting];
}

/* The client that has been connected longest without sending its request, or -1. */
static int most_silent(void)
{
    int found = -1;

    for (size_t i = 0; i < visiting; i++)
        if (visits[i].state == VISIT_ASKS && (found < 0 || visits[i].since < visits[found].since))
            found = (int)i;
    return found;
}

static int has_room(void)
{
    return now_ms() >= resting_until && (visiting < MAX_VISITS || most_silent() >= 0);
}

/* Drops a client that has not sent its request: the others are answered and gone in a moment. */
static void make_room(void)
{
    int silent = visiting == MAX_VISITS ? most_silent() : -1;

    if (silent >= 0) {
        visit_end(&visits[silent]);
        forget((size_t)silent);
    }
}

static void interrupt_accept(int number)
{
    (void)number;
}

/* The listener usually blocks, and another process may have taken the client since poll. Then a
 * timer interrupts accept(2), repeatedly, because the first signal may come before the call. */
static int accept_soon(int listener)
{
    static const struct itimerval often = {{0, ACCEPT_MS * 1000}, {0, ACCEPT_MS * 1000}}, never;
    int client, reason;

    setitimer(ITIMER_REAL, &often, NULL);
    client = accept(listener, NULL, NULL);
    reason = errno;
    setitimer(ITIMER_REAL, &never, NULL);
    errno = reason;
    return client;
}

static void receive(int listener)
{
    int client = accept_soon(listener);

    if (client < 0 && errno != EINTR && errno != EAGAIN && errno != ECONNABORTED)
        resting_until = now_ms() + REST_MS;
    if (client < 0)
        return;
    if (fcntl(client, F_SETFL, O_NONBLOCK) < 0) {
        close(client);
        return;
    }
    make_room();
    visit_begin(&visits[visiting++], client);
}

/* Goes backwards, because the last visit takes the place of one that ends. */
static void go_on_with_visits(const struct pollfd *entries, const struct answers *answers)
{
    for (size_t i = visiting; i-- > 0;)
        if ((entries[i].revents || visit_timeout(&visits[i]) == 0) &&
            !visit_go_on(&visits[i], answers))
            forget(i);
}

static int serve_timeout(void)
{
    int wait = now_ms() < resting_until ? until(resting_until) : -1;

    for (size_t i = 0; i < visiting; i++)
        wait = earlier(wait, visit_timeout(&visits[i]));
    return wait;
}

/* Polls these entries and, after them, one for each visit. */
static void wait_for(struct pollfd *entries, size_t count)
{
    for (size_t i = 0; i < visiting; i++)
        entries[count + i] =
            (struct pollfd){.fd = visits[i].client, .events = visit_events(&visits[i])};
    if (poll(entries, (nfds_t)(count + visiting), serve_timeout()) < 0)
        for (size_t i = 0; i < count + visiting; i++)
            entries[i].revents = 0;
}

/* Serves until the other end of `stop` is closed, by systemfd or by the end of systemfd. */
static void serve(int stop, const listenfd_socket *listeners, size_t count,
                  const struct answers *answers)
{
    struct pollfd entries[1 + MAX_LISTENERS + MAX_VISITS] = {{.fd = stop, .events = POLLIN}};

    while (!entries[0].revents) {
        int room = has_room();
        for (size_t i = 0; i < count; i++)
            entries[1 + i] = (struct pollfd){.fd = room ? listeners[i] : -1, .events = POLLIN};
        wait_for(entries, 1 + count);
        go_on_with_visits(entries + 1 + count, answers);
        for (size_t i = 0; i < count && !entries[0].revents; i++)
            if (entries[1 + i].revents && has_room())
                receive(listeners[i]);
    }
}

static void finish_visits(const listenfd_socket *listeners, size_t count,
                          const struct answers *answers)
{
    struct pollfd entries[MAX_VISITS];

    for (size_t i = 0; i < count; i++)
        close(listeners[i]);
    for (size_t i = 0; i < visiting; i++)
        visit_hurry(&visits[i], answers);
    while (visiting > 0) {
        wait_for(entries, 0);
        go_on_with_visits(entries, answers);
    }
}

static void prepare_signals(void)
{
    struct sigaction action;
    sigset_t alarm_only;

    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt_accept; /* no SA_RESTART, so that it interrupts accept(2) */
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* ---- In systemfd ---- */

static pid_t responder;
static int keeps_going = -1; /* closing it stops the responder */

int responder_start(const struct sockets *sockets, const char *title, const struct tail *tail,
                    const struct arguments *hosts)
{
    listenfd_socket listeners[MAX_LISTENERS];
    size_t count = http_listeners(sockets, listeners, MAX_LISTENERS);
    struct answers answers;
    int ends[2];

    if (count == 0)
        return 1;
    if (pipe(ends) < 0)
        return 0;
    responder = fork_child();
    if (responder == 0) {
        close(ends[1]);
        prepare_signals();
        answers_make(&answers, title, tail, hosts);
        serve(ends[0], listeners, count, &answers);
        finish_visits(listeners, count, &answers);
        _exit(0);
    }
    close(ends[0]);
    keeps_going = ends[1];
    fcntl(keeps_going, F_SETFD, FD_CLOEXEC);
    if (responder > 0)
        return 1;
    responder_stop();
    return 0;
}

/* Forgets the process at once: it can be reaped like any other child. */
void responder_stop(void)
{
    if (keeps_going >= 0)
        close(keeps_going);
    keeps_going = -1;
    responder = 0;
}

void responder_kill(void)
{
    if (responder > 0)
        kill(responder, SIGKILL);
}

int responder_lives(void)
{
    return responder > 0;
}

int responder_ended(long id)
{
    if (responder <= 0 || id != responder)
        return 0;
    responder_stop();
    return 1;
}
