/* SPDX-License-Identifier: MIT
 * Whose a socket is: what the kernel answers by netlink, to systemfd/posix/socket_owner.c. An
 * input:
 *
 *     asked=tcp          for whose socket: tcp, tcp6, udp, abstract, path, peer, peer6
 *     size=100           how much comes at a time; all of it when it is 0
 *     answer=            and all that follows */
#include "input.h"

#include "systemfd/posix/socket_owner.h"

#include <assert.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <sanitizer/asan_interface.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum { NETLINK = 1000000, CONNECTION };

static struct {
    const uint8_t *answer;
    size_t left, at_a_time;
    int ipv6, connected, asked, closed;
} kernel;

/* ---- In the place of the system ---- */

int __wrap_socket(int family, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);
int __wrap_close(int fd);
int __real_close(int fd);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *size);

int __wrap_socket(int family, int type, int protocol)
{
    assert(family == AF_NETLINK && (type & SOCK_CLOEXEC) && protocol == NETLINK_SOCK_DIAG);
    return NETLINK;
}

/* To the kernel: so nobody else can answer. */
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size)
{
    const struct sockaddr_nl *to = (const struct sockaddr_nl *)address;

    assert(fd == NETLINK && size == sizeof *to && to->nl_family == AF_NETLINK && to->nl_pid == 0);
    kernel.connected = 1;
    return 0;
}

ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    const struct nlmsghdr *header = bytes;

    assert(fd == NETLINK && kernel.connected && flags == 0 && header->nlmsg_len == size);
    kernel.asked = 1;
    return (ssize_t)size;
}

/* What lies behind the answer must not be read. */
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags)
{
    size_t amount = kernel.at_a_time > 0 ? kernel.at_a_time : size;

    assert(fd == NETLINK && kernel.asked && flags == MSG_DONTWAIT);
    amount = amount < size ? amount : size;
    amount = amount < kernel.left ? amount : kernel.left;
    ASAN_UNPOISON_MEMORY_REGION(bytes, size);
    if (amount == 0) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(bytes, kernel.answer, amount);
    ASAN_POISON_MEMORY_REGION((char *)bytes + amount, size - amount);
    kernel.answer += amount;
    kernel.left -= amount;
    return (ssize_t)amount;
}

int __wrap_close(int fd)
{
    if (fd != NETLINK)
        return __real_close(fd);
    kernel.closed++;
    return 0;
}

static int name(struct sockaddr *address, socklen_t *size, int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

    if (kernel.ipv6)
        memcpy(address, &in6, *size = sizeof in6);
    else
        memcpy(address, &in, *size = sizeof in);
    return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
    assert(fd == CONNECTION);
    return name(address, size, 80);
}

int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
    assert(fd == CONNECTION);
    return name(address, size, 4000);
}

/* ---- */

static int find(const char *asked, struct socket_owner *owner)
{
    static const char *const specs[][2] = {{"tcp", "0.0.0.0:80"},
                                           {"tcp6", "[::]:80"},
                                           {"udp", "udp::80"},
                                           {"abstract", "@name"},
                                           {"path", "/dev/null"}};
    char error[512];
    struct spec spec;

    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++)
        if (strcmp(asked, specs[i][0]) == 0) {
            assert(spec_parse(specs[i][1], &spec, error, sizeof error));
            return find_bound_socket(&spec, owner);
        }
    kernel.ipv6 = strcmp(asked, "peer6") == 0;
    return find_peer_socket(CONNECTION, owner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input;
    struct socket_owner owner = {0, NO_USER};
    const char *asked;

    input_open(&input, data, size);
    memset(&kernel, 0, sizeof kernel);
    asked = input_text(&input, "asked=");
    kernel.at_a_time = (size_t)atoi(input_text(&input, "size="));
    kernel.answer = input_rest(data, size, "\nanswer=", &kernel.left);
    if (!kernel.answer)
        kernel.left = 0;
    if (find(asked, &owner))
        assert(owner.inode != 0 || strncmp(asked, "peer", 4) != 0);
    assert(kernel.closed >= 1);
    input_close(&input);
    return 0;
}
