/* SPDX-License-Identifier: MIT
 * A server that needs time to load, and then waits for connections in one of these ways:
 *
 *   waits HOW MILLISECONDS [ARGUMENT]
 *     accept    in a thread, in accept
 *     poll, select, epoll
 *     nested    in epoll, on a set that contains another set, which contains the socket
 *     crowd     in poll, with hundreds of idle threads and of descriptors
 *     hidden    in poll, with a process that others cannot look into (PR_SET_DUMPABLE)
 *     early     as epoll, but the socket is in the set already while the server loads
 *     prefork   three children, each in poll
 *     spin      accepts without blocking, again and again, with a pause of 1 ms
 *     uring     with an accept in an io_uring; not on every system
 *     two       a child in poll on the first socket at once; itself on both when it has loaded
 *     daemon    goes into the background, and then waits in poll; twice: with one more fork
 *     stops     sends itself STOP, and then waits in poll
 *     root      becomes root, if it is a setuid program, and waits for no connections
 *     says      sends the ARGUMENT to NOTIFY_SOCKET when it has loaded, and accepts nothing
 *
 * While it loads, it sleeps, or computes if the ARGUMENT is "busy". If the first line of the file
 * "text" is "broken", it then exits with 3. It answers "TEXT PID\n" over HTTP. On TERM it ends,
 * after the answer that it is sending. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_URING
#include <liburing.h>
#endif

enum { FIRST = 3, SECOND = 4, WORKERS = 3, CROWD = 400 };

static volatile sig_atomic_t stopped;
static sigset_t before; /* the signal mask while it waits; only then does TERM get through */
static char text[64] = "hello";
static int is_busy;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void catch_term(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigset_t term;

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &before);
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void read_text(void)
{
    FILE *file = fopen("text", "r");

    if (file && fgets(text, sizeof text, file))
        text[strcspn(text, "\n")] = '\0';
    if (file)
        fclose(file);
}

static void load(int ms)
{
    long long end = now_ms() + ms;

    while (now_ms() < end)
        if (!is_busy)
            poll(NULL, 0, (int)(end - now_ms()));
    read_text();
    if (strcmp(text, "broken") == 0)
        exit(3);
}

static void answer(int client)
{
    char request[4096], body[128], response[512];
    ssize_t length;

    if (client < 0)
        return;
    fcntl(client, F_SETFL, 0);
    do
        length = recv(client, request, sizeof request, 0);
    while (length < 0 && errno == EINTR); /* the signals of in_accept */
    if (length > 0) {
        snprintf(body, sizeof body, "%s %ld\n", text, (long)getpid());
        snprintf(response, sizeof response,
                 "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %u\r\n\r\n%s",
                 (unsigned)strlen(body), body);
        send(client, response, strlen(response), MSG_NOSIGNAL);
    }
    close(client);
}

/* ---- Ways to wait ---- */

static void *accept_all(void *unused)
{
    while (!stopped)
        answer(accept(FIRST, NULL, NULL));
    return unused;
}

/* The signal may come just before the thread waits in accept, so it is sent until the end. */
static void in_accept(void)
{
    struct sigaction action = {.sa_handler = stop};
    struct timespec soon;
    pthread_t thread;
    sigset_t term;
    int number;

    sigaction(SIGUSR1, &action, NULL);
    fcntl(FIRST, F_SETFL, 0);
    pthread_create(&thread, NULL, accept_all, NULL);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigwait(&term, &number);
    stopped = 1;
    do {
        pthread_kill(thread, SIGUSR1);
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec = (soon.tv_nsec + 1000000) % 1000000000;
    } while (pthread_timedjoin_np(thread, NULL, &soon) != 0);
}

static void in_poll(int count)
{
    struct pollfd sockets[] = {{.fd = FIRST, .events = POLLIN}, {.fd = SECOND, .events = POLLIN}};

    while (!stopped) {
        if (ppoll(sockets, (nfds_t)count, NULL, &before) <= 0)
            continue;
        for (int i = 0; i < count; i++)
            if (sockets[i].revents)
                answer(accept(sockets[i].fd, NULL, NULL));
    }
}

static void in_select(void)
{
    fd_set set;

    while (!stopped) {
        FD_ZERO(&set);
        FD_SET(FIRST, &set);
        if (pselect(FIRST + 1, &set, NULL, NULL, NULL, &before) > 0)
            answer(accept(FIRST, NULL, NULL));
    }
}

static int create_set(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(EPOLL_CLOEXEC);

    epoll_ctl(set, EPOLL_CTL_ADD, FIRST, &event);
    return set;
}

static int create_outer_set(int inner)
{
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(EPOLL_CLOEXEC);

    epoll_ctl(set, EPOLL_CTL_ADD, inner, &event);
    return set;
}

static void *do_nothing(void *unused)
{
    while (!stopped)
        pause();
    return unused;
}

static void gather_crowd(void)
{
    pthread_attr_t small;
    pthread_t thread;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (int i = 0; i < CROWD; i++) {
        pthread_create(&thread, &small, do_nothing, NULL);
        dup(STDIN_FILENO);
    }
}

static void in_epoll(int set)
{
    struct epoll_event event;

    while (!stopped)
        if (epoll_pwait(set, &event, 1, -1, &before) > 0)
            answer(accept(FIRST, NULL, NULL));
}

static void in_children(void)
{
    pid_t children[WORKERS];

    for (int i = 0; i < WORKERS; i++)
        if ((children[i] = fork()) == 0) {
            in_poll(1);
            exit(0);
        }
    while (!stopped)
        sigsuspend(&before);
    for (int i = 0; i < WORKERS; i++)
        kill(children[i], SIGTERM);
    while (wait(NULL) > 0) {
    }
}

static void without_blocking(void)
{
    const struct timespec pause = {0, 1000000};
    int client;

    while (!stopped) {
        while ((client = accept(FIRST, NULL, NULL)) >= 0)
            answer(client);
        ppoll(NULL, 0, &pause, &before);
    }
}

#ifdef HAVE_URING
static void begin_to_accept(struct io_uring *ring)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);

    io_uring_prep_accept(entry, FIRST, NULL, NULL, 0);
    io_uring_sqe_set_data(entry, ring);
    io_uring_submit(ring);
}

/* The kernel may have accepted one more connection by now, whose client waits for an answer. */
static void stop_accepting(struct io_uring *ring)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);
    struct io_uring_cqe *done;

    io_uring_prep_cancel(entry, ring, 0);
    io_uring_sqe_set_data(entry, NULL);
    io_uring_submit(ring);
    for (int left = 2; left > 0; left--) {
        if (io_uring_wait_cqe(ring, &done) < 0)
            return;
        if (io_uring_cqe_get_data(done) && done->res >= 0)
            answer(done->res);
        io_uring_cqe_seen(ring, done);
    }
}

static void in_uring(void)
{
    struct io_uring ring;
    struct io_uring_cqe *done;

    if (io_uring_queue_init(8, &ring, 0) < 0)
        exit(77);
    begin_to_accept(&ring);
    while (!stopped) {
        if (io_uring_wait_cqes(&ring, &done, 1, NULL, &before) < 0)
            continue;
        answer(done->res);
        io_uring_cqe_seen(&ring, done);
        begin_to_accept(&ring);
    }
    stop_accepting(&ring);
}
#else
static void in_uring(void)
{
    exit(77);
}
#endif

/* ---- Other behaviour ---- */

static void go_into_background(int twice)
{
    if (fork() != 0)
        _exit(0);
    setsid();
    if (twice && fork() != 0)
        _exit(0);
}

/* In the argument, a newline is written as the two characters "\n". */
static void say(const char *message)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char line[512];
    size_t length = 0;

    if (!name || strlen(name) >= sizeof address.sun_path)
        exit(4);
    for (; *message && length < sizeof line; message++)
        line[length++] = *message == '\\' && *++message == 'n' ? '\n' : *message;
    strcpy(address.sun_path, name);
    if (*name == '@')
        *address.sun_path = '\0';
    sendto(fd, line, length, 0, (struct sockaddr *)&address,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)));
    close(fd);
    while (!stopped)
        sigsuspend(&before);
}

static int is(const char *how, const char *name)
{
    return strcmp(how, name) == 0;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    int ms = argc > 2 ? atoi(argv[2]) : 0, set; /* an epoll set */

    is_busy = argc > 3 && is(argv[3], "busy");
    catch_term();
    fcntl(FIRST, F_SETFL, O_NONBLOCK);
    set = is(how, "early") ? create_set() : -1;
    if (is(how, "daemon") || is(how, "twice"))
        go_into_background(is(how, "twice"));
    if (is(how, "two") && fork() == 0) {
        in_poll(1);
        return 0;
    }
    load(ms);
    if (fcntl(FIRST, F_GETFD) < 0) {
        printf("waits %ld has no socket\n", (long)getpid());
        return 5;
    }
    if (is(how, "crowd"))
        gather_crowd();
    if (is(how, "hidden"))
        prctl(PR_SET_DUMPABLE, 0);
    if (is(how, "stops"))
        raise(SIGSTOP);
    while (is(how, "root") && setresuid(0, 0, 0) == 0)
        pause();
    if (is(how, "accept"))
        in_accept();
    else if (is(how, "select"))
        in_select();
    else if (is(how, "early"))
        in_epoll(set);
    else if (is(how, "epoll"))
        in_epoll(create_set());
    else if (is(how, "nested"))
        in_epoll(create_outer_set(create_set()));
    else if (is(how, "prefork"))
        in_children();
    else if (is(how, "spin"))
        without_blocking();
    else if (is(how, "uring"))
        in_uring();
    else if (is(how, "says"))
        say(argc > 3 ? argv[3] : "");
    else
        in_poll(is(how, "two") ? 2 : 1);
    return 0;
}
