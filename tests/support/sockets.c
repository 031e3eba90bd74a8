/* SPDX-License-Identifier: MIT */
#include "sockets.h"

#include "test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

struct where {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } as;
    socklen_t size;
};

static struct where internet_address(const char *host, int port)
{
    struct where where;

    memset(&where, 0, sizeof where);
    if (strchr(host, ':')) {
        where.as.in6.sin6_family = AF_INET6;
        where.as.in6.sin6_port = htons((uint16_t)port);
        assert_int_equal(inet_pton(AF_INET6, host, &where.as.in6.sin6_addr), 1);
        where.size = sizeof where.as.in6;
    } else {
        where.as.in.sin_family = AF_INET;
        where.as.in.sin_port = htons((uint16_t)port);
        assert_int_equal(inet_pton(AF_INET, host, &where.as.in.sin_addr), 1);
        where.size = sizeof where.as.in;
    }
    return where;
}

static struct where unix_address(const char *path)
{
    struct where where;

    memset(&where, 0, sizeof where);
    assert_true(strlen(path) < sizeof where.as.un.sun_path);
    where.as.un.sun_family = AF_UNIX;
    strcpy(where.as.un.sun_path, path);
    where.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (*path == '@')
        where.as.un.sun_path[0] = '\0';
    else
        where.size++;
    return where;
}

static int idle_socket(int type, struct where where)
{
    int fd = socket(where.as.any.sa_family, type | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &where.as.any, where.size), 0);
    return fd;
}

static int bound_socket(int type, struct where where)
{
    int fd = idle_socket(type, where);

    if (type != SOCK_DGRAM)
        assert_int_equal(listen(fd, SOMAXCONN), 0);
    return fd;
}

static int connected_socket(int type, struct where where)
{
    int fd = socket(where.as.any.sa_family, type | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &where.as.any, where.size), 0);
    return fd;
}

int internet_socket(int type, const char *host)
{
    return bound_socket(type, internet_address(host, 0));
}

int unix_socket(int type, const char *path)
{
    return bound_socket(type, unix_address(path));
}

const char *abstract_name(const char *tag)
{
    static char names[5][64];
    static unsigned next;
    char *name = names[next++ % 5];

    snprintf(name, sizeof names[0], "@listenfd-%ld-%s", (long)getpid(), tag);
    return name;
}

int idle_internet_stream(const char *host)
{
    return idle_socket(SOCK_STREAM, internet_address(host, 0));
}

int idle_unix_stream(const char *path)
{
    return idle_socket(SOCK_STREAM, unix_address(path));
}

static int one_of_a_pair(int type)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
    close(ends[1]);
    return ends[0];
}

int unix_stream_pair(void)
{
    return one_of_a_pair(SOCK_STREAM);
}

int unix_seqpacket_pair(void)
{
    return one_of_a_pair(SOCK_SEQPACKET);
}

int unix_datagram_pair(void)
{
    return one_of_a_pair(SOCK_DGRAM);
}

int protocol_listener(int protocol)
{
    struct where where = internet_address("127.0.0.1", 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);

    if (fd < 0)
        return -1;
    assert_int_equal(bind(fd, &where.as.any, where.size), 0);
    assert_int_equal(listen(fd, SOMAXCONN), 0);
    return fd;
}

int port_of_socket(int fd)
{
    struct where where;

    where.size = sizeof where.as;
    assert_int_equal(getsockname(fd, &where.as.any, &where.size), 0);
    return ntohs(where.as.any.sa_family == AF_INET ? where.as.in.sin_port : where.as.in6.sin6_port);
}

int connect_host(const char *host, int port)
{
    return connected_socket(SOCK_STREAM, internet_address(host, port));
}

int connect_port(int port)
{
    return connect_host("127.0.0.1", port);
}

int connect_path(int type, const char *path)
{
    return connected_socket(type, unix_address(path));
}

int tcp_connection(int *client)
{
    int listener = internet_socket(SOCK_STREAM, "127.0.0.1"), fd;

    *client = connect_port(port_of_socket(listener));
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    close(listener);
    return fd;
}

int is_open_descriptor(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

int is_cloexec(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    assert_true(flags >= 0);
    return (flags & FD_CLOEXEC) != 0;
}

int is_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    assert_true(flags >= 0);
    return (flags & O_NONBLOCK) != 0;
}

size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 3; /* ".", ".." and the folder itself */
}

char *exchange(int fd, const char *text)
{
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    size_t length = 0;
    char *answer = NULL;
    ssize_t got;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (*text != '\0') /* even sending nothing fails if the server has already closed */
        assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
    shutdown(fd, SHUT_WR);
    do {
        answer = realloc(answer, length + 4097);
        assert_non_null(answer);
        got = recv(fd, answer + length, 4096, 0);
        assert_true(got >= 0);
        length += (size_t)got;
    } while (got > 0);
    answer[length] = '\0';
    close(fd);
    return answer;
}
