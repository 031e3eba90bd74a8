/* SPDX-License-Identifier: MIT
 * A server that keeps descriptors in the store of its service manager, for tests of the launcher.
 *
 *   keeper ACTION... [serve [ACTION...]]
 *     state          counts its starts in a memfd that it is passed as "state", or else stores one
 *     listener=NAME  has a listener that it is passed by that name, or else opens and stores one
 *     memfd=NAME     stores a memfd
 *     memfds=N       stores N of them, named 1, 2, ..., with one message each
 *     together=N     stores N of them, all named "one", with one message
 *     twice=NAME     stores a memfd as NAME, and the same one as NAME-again
 *     again=NAME     stores what it was passed by that name
 *     end=NAME       stores one end of a socket pair, and keeps the other
 *     other=NAME     the same, but closes the other end
 *     silent=NAME    the same as other=NAME, with FDPOLL=0
 *     unnamed        stores a memfd without FDNAME=
 *     lent           sends a memfd without FDSTORE=1
 *     remove=NAME    removes all descriptors of that name
 *     say=TEXT       sends that line
 *     hup            sends SIGHUP to systemfd
 *     wait=FILE      waits until the file exists
 *     ready          says READY=1
 *     exit=N         exits with that status
 *     serve          says READY=1, and answers at each listener until SIGTERM or SIGINT; then come
 *                    the actions that follow
 *
 * At its start it prints "passed NAME NAME ...", with all that it is passed, in order. Answers are
 * "keeper PID STARTS".
 */
#include "listenfd.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST = 253 };

static struct listenfd *passed;
static struct pollfd listeners[16];
static nfds_t listening;
static int starts; /* so far, with this one */
static sigset_t ends, others;

__attribute__((noreturn)) static void die(const char *what)
{
    perror(what);
    exit(9);
}

/* ---- Telling ---- */

static socklen_t find_manager(struct sockaddr_un *address)
{
    const char *name = getenv("NOTIFY_SOCKET");

    if (!name || strlen(name) >= sizeof address->sun_path)
        die("NOTIFY_SOCKET");
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, name);
    if (*name == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

/* Sends a message as sd_pid_notify_with_fds(3) does. */
static void tell(const char *text, const int *descriptors, size_t count)
{
    char *copy = strdup(text);
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(MOST * sizeof(int))];
    } control = {.bytes = ""};
    struct sockaddr_un address;
    struct iovec part = {copy, strlen(text)};
    struct msghdr message = {.msg_name = &address,
                             .msg_namelen = find_manager(&address),
                             .msg_iov = &part,
                             .msg_iovlen = 1};
    int to = socket(AF_UNIX, SOCK_DGRAM, 0);

    if (count > 0) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), descriptors, count * sizeof(int));
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    }
    if (sendmsg(to, &message, 0) < 0)
        die("sendmsg");
    close(to);
    free(copy);
}

static void store(int fd, const char *name, const char *more)
{
    char text[512];

    snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%s%s", name, more);
    tell(text, &fd, 1);
}

static int make_memfd(void)
{
    int fd = memfd_create("keeper", MFD_CLOEXEC);

    if (fd < 0)
        die("memfd_create");
    return fd;
}

/* ---- What it was passed ---- */

static void print_passed(void)
{
    printf("passed");
    for (size_t i = 0; i < listenfd_count(passed); i++)
        printf(" %s", listenfd_name(passed, i));
    printf("\n");
}

/* Takes what was passed by that name. Returns -1 if there is nothing. */
static int take(const char *name)
{
    int fd;

    return listenfd_take_raw(passed, listenfd_find_name(passed, name, 0), &fd) == 1 ? fd : -1;
}

static void serve_at(int fd)
{
    listeners[listening].fd = fd;
    listeners[listening++].events = POLLIN;
}

/* ---- Actions ---- */

static void count_starts(void)
{
    int fd = take("state");

    if (fd < 0)
        store(fd = make_memfd(), "state", "");
    if (pread(fd, &starts, sizeof starts, 0) < 0)
        die("pread");
    starts++;
    if (pwrite(fd, &starts, sizeof starts, 0) < 0)
        die("pwrite");
    printf("start %d\n", starts);
}

static void open_listener(const char *name)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd;

    if (listenfd_take_tcp_listener(passed, listenfd_find_name(passed, name, 0), &fd) != 1) {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 8) < 0)
            die("listen");
        store(fd, name, "");
    }
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        die("getsockname");
    printf("listener %s %d\n", name, ntohs(address.sin_port));
    serve_at(fd);
}

static void store_together(int count)
{
    int descriptors[MOST];

    for (int i = 0; i < count; i++)
        descriptors[i] = make_memfd();
    tell("FDSTORE=1\nFDNAME=one", descriptors, (size_t)count);
}

static void store_many(int count)
{
    for (int i = 1; i <= count; i++) {
        char name[16];
        int fd = make_memfd();
        snprintf(name, sizeof name, "%d", i);
        store(fd, name, "");
        close(fd);
    }
}

static void store_twice(const char *name)
{
    char again[128];
    int fd = make_memfd();

    snprintf(again, sizeof again, "%s-again", name);
    store(fd, name, "");
    store(fd, again, "");
}

static void store_end(const char *name, int is_closed, const char *more)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        die("socketpair");
    if (is_closed)
        close(pair[1]);
    store(pair[0], name, more);
}

static void remove_named(const char *name)
{
    char text[512];

    snprintf(text, sizeof text, "FDSTOREREMOVE=1\nFDNAME=%s", name);
    tell(text, NULL, 0);
}

static void send_memfd(const char *text)
{
    int fd = make_memfd();

    tell(text, &fd, 1);
    close(fd);
}

static void answer(int listener)
{
    char text[64];
    int client = accept(listener, NULL, NULL);

    if (client < 0)
        return;
    snprintf(text, sizeof text, "keeper %ld %d\n", (long)getpid(), starts);
    send(client, text, strlen(text), MSG_NOSIGNAL);
    close(client);
}

static void ignore(int number)
{
    (void)number;
}

/* Signals are blocked except while it waits. */
static void serve(void)
{
    tell("READY=1", NULL, 0);
    while (ppoll(listeners, listening, NULL, &others) >= 0)
        for (nfds_t i = 0; i < listening; i++)
            if (listeners[i].revents)
                answer(listeners[i].fd);
}

static void wait_for(const char *file)
{
    while (access(file, F_OK) < 0)
        poll(NULL, 0, 5);
}

static void send_hup(void)
{
    const char *systemfd = getenv("SYSTEMFD_PID");

    if (!systemfd || kill((pid_t)atol(systemfd), SIGHUP) < 0)
        die("SYSTEMFD_PID");
}

static void act(const char *action)
{
    const char *value = strchr(action, '=');
    size_t length = value ? (size_t)(value - action) : strlen(action);

#define IS(word) (length == strlen(word) && memcmp(action, word, length) == 0)
    value = value ? value + 1 : "";
    if (IS("state"))
        count_starts();
    else if (IS("listener"))
        open_listener(value);
    else if (IS("memfd"))
        store(make_memfd(), value, "");
    else if (IS("memfds"))
        store_many(atoi(value));
    else if (IS("together"))
        store_together(atoi(value));
    else if (IS("twice"))
        store_twice(value);
    else if (IS("again"))
        store(take(value), value, "");
    else if (IS("end") || IS("other"))
        store_end(value, IS("other"), "");
    else if (IS("silent"))
        store_end(value, 1, "\nFDPOLL=0");
    else if (IS("unnamed"))
        send_memfd("FDSTORE=1");
    else if (IS("lent"))
        send_memfd("STATUS=lent");
    else if (IS("remove"))
        remove_named(value);
    else if (IS("say"))
        tell(value, NULL, 0);
    else if (IS("hup"))
        send_hup();
    else if (IS("wait"))
        wait_for(value);
    else if (IS("ready"))
        tell("READY=1", NULL, 0);
    else if (IS("exit"))
        exit(atoi(value));
    else if (IS("serve"))
        serve();
    else
        die(action);
#undef IS
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = ignore};
    int fd;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigprocmask(SIG_BLOCK, &ends, &others);
    setvbuf(stdout, NULL, _IOLBF, 0);
    passed = listenfd_from_env(LISTENFD_REQUIRE_PID);
    print_passed();
    if (listenfd_take_tcp_listener(passed, listenfd_find_name(passed, "web", 0), &fd) == 1)
        serve_at(fd);
    for (int i = 1; i < argc; i++)
        act(argv[i]);
    return 0;
}
